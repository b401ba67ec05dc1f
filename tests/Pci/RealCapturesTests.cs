using System.Diagnostics;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Tests.Capabilities;

namespace PciBackFlow.Pci.Tests;

public class RealCapturesTests
{
    private static IEnumerable<string> Files()
    {
        string? root = Environment.GetEnvironmentVariable("PCIBACKFLOW_CAPTURES");
        if (string.IsNullOrEmpty(root) || !Directory.Exists(root))
        {
            Assert.Skip("needs PCIBACKFLOW_CAPTURES");
        }

        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) != ".md").Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Every_capture_loads_walks_and_answers_its_own_bytes_and_round_trips()
    {
        int count = 0;
        foreach (string file in Files())
        {
            var capture = Capture.Load(file);
            var writer = new StringWriter();
            foreach (CapturedFunction function in CapturedFunction.All(capture))
            {
                count++;
                ReadOnlySpan<byte> bytes = function.Config.Bytes.Span;
                for (int at = 0; at < function.ReadableSize; at++)
                {
                    Assert.True(function.TryRead(at, 1, out uint value));
                    Assert.Equal(bytes[at], value);
                }

                // The one capture whose name says so is the only one with a broken list.
                if (function.ReadableSize > 64)
                {
                    Assert.Equal(
                        capture.Name == "broken-ecaps",
                        function.Capabilities.Defects.Any(defect => defect.Kind != CapabilityListDefectKind.Truncated || function.Shortness is null));
                }

                LspciDumpWriter.Write(writer, function.Address, function.Config.Description, function, function.ReadableSize);
                function.Dispose();
            }

            IReadOnlyList<CapturedConfig> again = LspciDump.Parse("again", writer.ToString());
            Assert.Equal(capture.Functions.Select(f => f.Address), again.Select(f => f.Address));
            Assert.Equal(capture.Functions.Select(f => Convert.ToHexString(f.Bytes.Span)), again.Select(f => Convert.ToHexString(f.Bytes.Span)));
        }

        Assert.True(count > 0);
    }

    [Fact]
    public void Every_base_address_of_every_capture_answers_sizing()
    {
        int sized = 0;
        foreach (CapturedFunction? function in Files().SelectMany(file => CapturedFunction.All(Capture.Load(file))))
        {
            for (int i = 0; i < 6; i++)
            {
                BaseAddress bar = function.BaseAddresses[i];
                // What no register holds cannot be asked of one.
                if (!bar.IsPresent || bar.IsFixed)
                {
                    continue;
                }

                int at = ConfigRegisters.BaseAddress0 + 4 * i;
                Assert.True(function.TryWrite(at, 4, 0xFFFFFFFF));
                Assert.True(function.TryRead(at, 4, out uint low));
                ulong mask = 0xFFFFFFFF_00000000 | (low & (bar.IsIo ? ~3u : ~0xFu));
                if (bar.Is64Bit)
                {
                    Assert.True(function.TryWrite(at + 4, 4, 0xFFFFFFFF));
                    Assert.True(function.TryRead(at + 4, 4, out uint high));
                    mask = (uint)mask | ((ulong)high << 32);
                }

                // Where the dump says no size the documented default may be longer than the address is aligned; the low bits of
                // such an address stay.
                Assert.Equal(bar.Length, ~(mask & ~(bar.Length - 1)) + 1);
                sized++;
            }
        }

        Assert.True(sized > 0);
    }

    [Fact]
    public void Lspci_decodes_what_we_write_as_it_decodes_the_original()
    {
        string? lspci = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(p => Path.Combine(p, "lspci")).FirstOrDefault(File.Exists);
        if (lspci is null)
        {
            Assert.Skip("needs lspci");
        }

        int compared = 0;
        foreach (string? file in Files().Where(f => File.ReadAllBytes(f).AsSpan().IndexOf((byte)0) < 0))
        {
            string written = Path.GetTempFileName();
            try
            {
                using (var writer = new StreamWriter(written))
                {
                    foreach (CapturedConfig function in Capture.Load(file).Functions)
                    {
                        LspciDumpWriter.Write(writer, function.Address, function.Description, function.Bytes.Span);
                    }
                }

                Assert.Equal(Decode(lspci, file), Decode(lspci, written));
                compared++;
            }
            finally
            {
                File.Delete(written);
            }
        }

        Assert.True(compared > 0);
    }

    [Fact]
    public void Lspci_reads_a_domain_that_needs_five_digits()
    {
        if (!File.Exists("/usr/bin/lspci"))
        {
            Assert.Skip("needs lspci");
        }

        string file = Path.GetTempFileName();
        try
        {
            using (var writer = new StreamWriter(file))
            {
                LspciDumpWriter.Write(writer, new PciAddress(0x10000, 0xE1, 2, 3), string.Empty, CapabilityWalkTests.Space("00=34127856", 64));
            }

            Assert.StartsWith("10000:e1:02.3 ", Decode("/usr/bin/lspci", file), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Decode(string lspci, string file)
    {
        ProcessStartInfo start = new(lspci, ["-n", "-vvv", "-xxxx", "-F", file]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        // A host without kernel modules is not the dump's fault.
        Assert.DoesNotContain(error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.Contains("libkmod", StringComparison.Ordinal));
        return output;
    }
}

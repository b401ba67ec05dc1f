using System.Diagnostics;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;

namespace PciBackFlow.Hardware.Tests.Pci;

public class RealCapturesTests
{
    private static IEnumerable<string> Files()
    {
        var root = Environment.GetEnvironmentVariable("PCIBACKFLOW_CAPTURES");
        if (string.IsNullOrEmpty(root) || !Directory.Exists(root))
            Assert.Skip("needs PCIBACKFLOW_CAPTURES");
        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Where(f => Path.GetExtension(f) != ".md").Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Every_capture_loads_walks_and_answers_its_own_bytes_and_round_trips()
    {
        var count = 0;
        foreach (var file in Files())
        {
            var capture = Capture.Load(file);
            var writer = new StringWriter();
            foreach (var function in CapturedFunction.All(capture))
            {
                count++;
                var bytes = function.Config.Bytes.Span;
                for (var at = 0; at < function.ReadableSize; at++)
                {
                    Assert.True(function.TryRead(at, 1, out var value));
                    Assert.Equal(bytes[at], value);
                }

                // The one capture whose name says so is the only one with a broken list.
                if (function.ReadableSize > 64)
                    Assert.Equal(capture.Name == "broken-ecaps", function.Capabilities.Defects.Count > 0);
                LspciDumpWriter.Write(writer, function.Address, function.Config.Description, function, function.ReadableSize);
                function.Dispose();
            }

            var again = LspciDump.Parse("again", writer.ToString());
            Assert.Equal(capture.Functions.Select(f => f.Address), again.Select(f => f.Address));
            Assert.Equal(capture.Functions.Select(f => Convert.ToHexString(f.Bytes.Span)), again.Select(f => Convert.ToHexString(f.Bytes.Span)));
        }

        Assert.True(count > 0);
    }

    [Fact]
    public void Every_base_address_of_every_capture_answers_sizing()
    {
        var sized = 0;
        foreach (var function in Files().SelectMany(file => CapturedFunction.All(Capture.Load(file))))
        {
            for (var i = 0; i < 6; i++)
            {
                var bar = function.BaseAddresses[i];
                if (!bar.IsPresent)
                    continue;
                var at = ConfigRegisters.BaseAddress0 + 4 * i;
                Assert.True(function.TryWrite(at, 4, 0xFFFFFFFF));
                Assert.True(function.TryRead(at, 4, out var low));
                var mask = 0xFFFFFFFF_00000000 | (low & (bar.IsIo ? ~3u : ~0xFu));
                if (bar.Is64Bit)
                {
                    Assert.True(function.TryWrite(at + 4, 4, 0xFFFFFFFF));
                    Assert.True(function.TryRead(at + 4, 4, out var high));
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
        var lspci = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(p => Path.Combine(p, "lspci")).FirstOrDefault(File.Exists);
        if (lspci is null)
            Assert.Skip("needs lspci");
        var compared = 0;
        foreach (var file in Files().Where(f => File.ReadAllBytes(f).AsSpan().IndexOf((byte)0) < 0))
        {
            var written = Path.GetTempFileName();
            try
            {
                using (var writer = new StreamWriter(written))
                {
                    foreach (var function in Capture.Load(file).Functions)
                        LspciDumpWriter.Write(writer, function.Address, function.Description, function.Bytes.Span);
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
            Assert.Skip("needs lspci");
        var file = Path.GetTempFileName();
        try
        {
            using (var writer = new StreamWriter(file))
                LspciDumpWriter.Write(writer, new PciAddress(0x10000, 0xE1, 2, 3), string.Empty, CapabilityWalkTests.Space("00=34127856", 64));
            Assert.StartsWith("10000:e1:02.3 ", Decode("/usr/bin/lspci", file), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Decode(string lspci, string file)
    {
        using var process = Process.Start(new ProcessStartInfo(lspci, ["-n", "-vvv", "-xxxx", "-F", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        // A host without kernel modules is not the dump's fault.
        Assert.DoesNotContain(error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.Contains("libkmod", StringComparison.Ordinal));
        return output;
    }
}

using System.Diagnostics;
using System.Text.Json;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Tests;

/// <summary>
/// The verbs over every capture at hand, as a script would use them. Oracle: <c>lspci -F FILE -vvv</c> of pciutils, which says on
/// standard error, or inside angle brackets, what it finds wrong.
/// </summary>
public sealed class EveryCaptureTests
{
    private const string Variable = "PCIBACKFLOW_CAPTURES";

    private static readonly string[] Statuses = ["success", "invalid_offset", "access_denied"];

    [Fact]
    public void Lspci_complains_about_no_view_that_it_does_not_complain_about_raw()
    {
        if (!File.Exists("/usr/bin/lspci"))
        {
            Assert.Skip("needs lspci (Debian: pciutils)");
        }

        using var folder = new TemporaryFolder();
        int compared = 0;
        foreach (string file in Files(folder))
        {
            using var raw = new StringWriter();
            CapturedConfig[] functions = Capture.Load(file).Functions.Where(config => (config.Bytes.Span[0x0E] & 0x7F) <= 1).ToArray();
            foreach (CapturedConfig? config in functions)
            {
                LspciDumpWriter.Write(raw, config.Address, config.Description, config.Bytes.Span);
            }

            var view = CliRun.Of("guest-view", "--from-dump", file);

            Assert.Equal(
                Complaints(folder.Write("raw.txt", raw.ToString())),
                Complaints(folder.Write("view.txt", view.Output)));
            compared += functions.Length;
        }

        Assert.True(compared > 0, "no capture at hand");
    }

    [Fact]
    public void Explain_answers_every_access_with_the_shape_that_scripts_rely_on()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in Files(folder))
        {
            foreach (CapturedConfig? config in Capture.Load(file).Functions.Where(config => (config.Bytes.Span[0x0E] & 0x7F) <= 1).Take(2))
            {
                string[] accesses = Accesses(Math.Min(config.Bytes.Length, 0x200)).ToArray();
                JsonElement explained = CliRun.Of(["explain", "--from-dump", file, "--function", config.Address.ToString(), "--json", .. accesses]).Json();

                Assert.Equal(accesses.Length, explained.GetArrayLength());
                foreach (JsonElement access in explained.EnumerateArray())
                {
                    CheckShape(access, file);
                }
            }
        }
    }

    private static IEnumerable<string> Accesses(int size)
    {
        for (int offset = 0; offset < size; offset += 4)
        {
            yield return $"{offset:x}";
            yield return $"{offset + 1:x}.b=a5";
            yield return $"{offset + 2:x}.w=5aa5";
            yield return $"{offset:x}.l=ffffffff";
        }

        yield return "3.w";
        yield return "1000.l";
        yield return "ffffffff.b=0";
    }

    private static void CheckShape(JsonElement access, string file)
    {
        Assert.Contains(access.GetProperty("access").GetString(), new[] { "read", "write" });
        Assert.Equal(JsonValueKind.Number, access.GetProperty("offset").ValueKind);
        Assert.Equal(JsonValueKind.Number, access.GetProperty("size").ValueKind);
        Assert.Equal(JsonValueKind.Number, access.GetProperty("value").ValueKind);
        string? status = access.GetProperty("status").GetString();
        Assert.True(Statuses.Contains(status) || status == "op_failed", $"{file}: {access}");
        foreach (JsonElement row in access.GetProperty("rows").EnumerateArray())
        {
            Assert.NotEmpty(row.GetProperty("register").GetString()!);
            Assert.NotEmpty(row.GetProperty("rule").GetString()!);
            Assert.NotEmpty(row.GetProperty("source").GetString()!);
            Assert.True(row.GetProperty("size").GetInt32() > 0 && row.GetProperty("offset").GetInt32() >= 0);
        }

        foreach (JsonElement step in access.GetProperty("hardware").EnumerateArray())
        {
            Assert.Contains(step.GetProperty("access").GetString(), new[] { "read", "write" });
            Assert.True(step.GetProperty("offset").GetInt32() >= 0 && step.GetProperty("size").GetInt32() is 1 or 2 or 4);
                Assert.True(step.GetProperty("value").TryGetUInt32(out _));
        }

        Assert.Equal(JsonValueKind.Number, access.GetProperty("denied_bits").ValueKind);
        Assert.True(access.GetProperty("suggestion").ValueKind is JsonValueKind.Null or JsonValueKind.Object);
        if (status == "success")
        {
            Assert.True(access.GetProperty("rows").GetArrayLength() > 0, $"{file}: {access}");
        }
    }

    private static IEnumerable<string> Files(TemporaryFolder folder)
    {
        foreach (string name in BuiltinCaptures.Names)
        {
            using var text = new StringWriter();
            if (BuiltinCaptures.TryLoad(name, out Capture? capture))
            {
                foreach (CapturedConfig config in capture.Functions)
                {
                    LspciDumpWriter.Write(text, config.Address, config.Description, config.Bytes.Span);
                }
            }

            yield return folder.Write($"{name}.txt", text.ToString());
        }

        // Many captures of the folder are 64 bytes long and alike: one folder of them tells as much as all.
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } captures)
        {
            foreach (string? file in Directory.EnumerateFiles(captures, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                if (!file.EndsWith(".md", StringComparison.Ordinal) && !(file.EndsWith(".config", StringComparison.Ordinal) && new FileInfo(file).Length == 64))
                {
                    yield return file;
                }
            }
        }
    }

    private static string[] Complaints(string file)
    {
        var start = new ProcessStartInfo("/usr/bin/lspci") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string? word in new[] { "-F", file, "-n", "-vvv" })
        {
            start.ArgumentList.Add(word);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n');
        process.WaitForExit();
        return
        [
            .. lines.Where(line => line.Contains('<', StringComparison.Ordinal) && !line.Contains("<unknown>", StringComparison.Ordinal))
                .Select(line => line.Trim()),
            .. errors.Result.Split('\n').Select(line => line.Replace(file, "FILE", StringComparison.Ordinal)),
        ];
    }
}

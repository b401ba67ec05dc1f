using System.Diagnostics;
using System.Text.Json;

namespace PciBackFlow.Native.Tests;

/// <summary>The published binary, run as a stranger's script would: empty environment, empty working directory.</summary>
internal static class NativeBinary
{
    private const string Variable = "PCIBACKFLOW_NATIVE";

    public static string Path
    {
        get
        {
            string? path = Environment.GetEnvironmentVariable(Variable);
            if (string.IsNullOrEmpty(path))
            {
                Assert.Skip($"needs {Variable}=PATH of a binary made by: dotnet publish Cli -c Release -r linux-x64 (clang, zlib1g-dev)");
            }

            return path;
        }
    }

    public static (int ExitCode, string Output, string Errors) Run(string arguments, params (string Name, string Value)[] environment)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("pcibackflow-native-");
        try
        {
            var start = new ProcessStartInfo(Path)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = directory.FullName,
            };
            foreach (string argument in arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                start.ArgumentList.Add(argument);
            }

            start.Environment.Clear();
            foreach ((string? name, string? value) in environment)
            {
                start.Environment[name] = value;
            }

            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), "the program did not end");
            return (process.ExitCode, output, errors.Result);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public static JsonElement RunJson(string arguments, params (string Name, string Value)[] environment)
    {
        // Nobody expects an error here: one that comes shall say where it happened.
        (int exitCode, string? output, string? errors) = Run(arguments, [("PCIBACKFLOW_DEBUG", "1"), .. environment]);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {errors}");
        return JsonDocument.Parse(output).RootElement;
    }
}

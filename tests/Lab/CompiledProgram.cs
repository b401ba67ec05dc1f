using System.Diagnostics;

namespace PciBackFlow.Lab.Tests;

/// <summary>Programs in C that run inside the lab, made from this checkout without libraries at run time, so that any suite's C library does.</summary>
internal static class CompiledProgram
{
    private static readonly Lazy<string> LoopInC = new(static () =>
        Run("yardstick", "sh", PublishedProgram.Source("Perf/Yardstick/build"), Target("yardstick"), "xen"));

    private static readonly Lazy<string> Reader = new(static () => Run(
        "configread", Environment.GetEnvironmentVariable("CC") is { Length: > 0 } compiler ? compiler : "cc",
        "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", Target("configread"), PublishedProgram.Source("tests/Lab/Guest/configread.c")));

    /// <summary>The backend in C with which this project is compared; for dom0.</summary>
    public static string Yardstick => LoopInC.Value;

    /// <summary>The program that reads registers and takes the time; for a guest.</summary>
    public static string ConfigRead => Reader.Value;

    private static string Target(string program) => Path.Combine(Directory.CreateDirectory(Path.Combine(LabSettings.Cache, "native")).FullName, program);

    private static string Run(string program, string command, params string[] arguments)
    {
        using Process compiler = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        string complaint = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        return compiler.ExitCode == 0 ? Target(program) : throw new InvalidOperationException($"{program} cannot be compiled: {complaint}");
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PciBackFlow.Cli.Tests.Packaging;

/// <summary>The folder <c>packaging</c> of this tree, and its programs.</summary>
internal static class PackagingTree
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "packaging"));

    public static string File(params string[] names) => Path.Combine([Root, .. names]);

    /// <summary>Runs a program, which is skipped where its package is missing.</summary>
    public static (int ExitCode, string Output, string Errors) Run(string program, string package, params string[] arguments)
    {
        Assert.SkipUnless(System.IO.File.Exists(program), $"needs {program} (Debian's package {package})");
        // A closed standard input: a test that is run in the background of a terminal must not be stopped for a child that might read from it.
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PciBackFlow.Lab.Tests;

/// <summary>The native binary under test: the one that PCIBACKFLOW_NATIVE names, else published once from this checkout.</summary>
internal static class PublishedProgram
{
    private static readonly Lazy<string> Published = new(() => LabSettings.Native ?? Publish());

    public static string Path => Published.Value;

    private static string Publish()
    {
        var output = System.IO.Path.Combine(LabSettings.Cache, "native");
        var start = new ProcessStartInfo("dotnet", ["publish", "Cli", "-c", "Release", "-r", "linux-x64", "-o", output, "--nologo", "-v", "q"])
        {
            WorkingDirectory = Checkout(),
            RedirectStandardOutput = true,
        };
        using var publish = Process.Start(start)!;
        var text = publish.StandardOutput.ReadToEnd();
        publish.WaitForExit();
        return publish.ExitCode == 0
            ? System.IO.Path.Combine(output, "pcibackflow")
            : throw new InvalidOperationException($"the program cannot be published: {text}");
    }

    private static string Checkout([CallerFilePath] string thisFile = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(thisFile)!, "../.."));
}

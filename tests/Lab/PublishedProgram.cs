using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PciBackFlow.Lab.Tests;

/// <summary>Native programs that run in dom0, made from this checkout.</summary>
internal static class PublishedProgram
{
    private static readonly Lazy<string> Tested = new(() => LabSettings.Native ?? Publish("Cli", "pcibackflow"));
    private static readonly Lazy<string> Contracts = new(() => Publish("tests/Lab/Probe", "PciBackFlow.LabProbe"));

    /// <summary>The program under test: the one that PCIBACKFLOW_NATIVE names, else published once.</summary>
    public static string Path => Tested.Value;

    /// <summary>The program that runs the hypervisor interfaces' contracts against a real Xen.</summary>
    public static string Probe => Contracts.Value;

    /// <summary>A file of the checkout.</summary>
    public static string Source(string path) =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(ThisFile())!, "../..", path));

    private static string ThisFile([CallerFilePath] string path = "") => path;

    private static string Publish(string project, string program)
    {
        string output = System.IO.Path.Combine(LabSettings.Cache, "native", program);
        var start = new ProcessStartInfo("dotnet", ["publish", project, "-c", "Release", "-r", "linux-x64", "-o", output, "--nologo", "-v", "q"])
        {
            WorkingDirectory = Source("."),
            RedirectStandardOutput = true,
        };
        using Process publish = Process.Start(start)!;
        string text = publish.StandardOutput.ReadToEnd();
        publish.WaitForExit();
        return publish.ExitCode == 0
            ? System.IO.Path.Combine(output, program)
            : throw new InvalidOperationException($"{project} cannot be published: {text}");
    }
}

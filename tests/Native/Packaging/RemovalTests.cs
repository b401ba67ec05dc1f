using System.Diagnostics;

namespace PciBackFlow.Native.Tests.Packaging;

/// <summary>What the package's prerm says to a removal, beside a daemon over a machine in memory.</summary>
public sealed class RemovalTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pcibackflow-removal-");

    private string Run => Path.Combine(_directory.FullName, "run");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void It_is_refused_while_a_guest_has_a_device_and_says_which()
    {
        using Process daemon = Start();
        try
        {
            Ask("pci-attach demo1 00:04.0");

            (int refused, string reason) = Prerm("remove");
            Assert.Equal(1, refused);
            Assert.Contains("guests have devices that this program serves: 0000:00:04.0", reason, StringComparison.Ordinal);
            Assert.Equal(0, Prerm("upgrade").ExitCode);
            Assert.Equal(0, Prerm("remove", ("PCIBACKFLOW_REMOVE_ANYWAY", "1")).ExitCode);

            Ask("pci-detach demo1 00:04.0");
            (int removed, string warning) = Prerm("remove");
            Assert.Equal(0, removed);
            Assert.Contains("no driver of this host gets these back before it boots again: 0000:00:04.0", warning, StringComparison.Ordinal);
        }
        finally
        {
            daemon.Kill();
            daemon.WaitForExit();
        }
    }

    [Fact]
    public void Without_a_daemon_it_goes_on()
    {
        (int exitCode, string errors) = Prerm("remove");

        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("guests have devices", errors, StringComparison.Ordinal);
    }

    // The script finds a program of that name that talks to this test's daemon.
    private (int ExitCode, string Errors) Prerm(string action, params (string Name, string Value)[] environment)
    {
        string program = Path.Combine(_directory.FullName, "pcibackflow");
        if (!File.Exists(program))
        {
            File.WriteAllText(program, $"#!/bin/sh\nexec '{NativeBinary.Path}' \"$@\" --run '{Run}'\n");
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        // What the host itself has there is not this test's.
        string prerm = Path.Combine(_directory.FullName, "prerm");
        string script = File.ReadAllText(Path.Combine(DebianPackage.Root, "packaging/debian/pcibackflow.prerm"));
        File.WriteAllText(prerm, script.Replace("/run/pcibackflow", Run, StringComparison.Ordinal));
        ProcessStartInfo start = new("/bin/sh", [prerm, action]) { RedirectStandardError = true };
        start.Environment["PATH"] = $"{_directory.FullName}:/usr/bin:/bin";
        foreach ((string? name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }

    private void Ask(string words)
    {
        (int exitCode, _, string? errors) = NativeBinary.Run($"{words} --run {Run}");
        Assert.True(exitCode == 0, $"{words}: exit code {exitCode}: {errors}");
    }

    private Process Start()
    {
        string[] words = ["serve", "--platform", "loopback", "--run", Run, "--state", Path.Combine(_directory.FullName, "state")];
        ProcessStartInfo start = new(NativeBinary.Path, words) { RedirectStandardOutput = true };
        Process daemon = Process.Start(start)!;
        Assert.Equal("ready", daemon.StandardOutput.ReadLine());
        return daemon;
    }
}

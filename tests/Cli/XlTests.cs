using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests;

/// <summary>
/// The verb and the daemon's directory together, on this kernel, with a shell script in xl's place that does to the files what libxl does.
/// Serial: mounts are the machine's.
/// </summary>
public sealed class XlTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ListedCustody _custody = new("0000:00:04.0");

    public void Dispose()
    {
        if (Directory.Exists(Drivers))
        {
            Hardware.Linux.MountTable.Detach(Drivers);
        }

        _custody.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Without_a_daemon_the_message_says_what_to_start()
    {
        Install("exit 0");

        (int code, _, string errors) = Run();

        Assert.Equal(ExitCode.Failed, code);
        Assert.StartsWith("pcibackflow: cannot run xl: the daemon does not show its devices to xl", errors, StringComparison.Ordinal);
        Assert.Contains("pcibackflow serve", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_xl_the_message_names_its_package()
    {
        if (XlProgram.Find(null) is not null)
        {
            Assert.Skip("needs a host without xl");
        }

        (int code, _, string errors) = Run();

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("xen-utils", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_streams_environment_and_exit_code_are_xls_own()
    {
        using PcibackDirectory directory = Serve();
        Install("""
            printf '[%s]' "$@"; read -r line; echo " $line $PASSED"; echo to-stderr >&2; exit 42
            """);

        (int code, string output, string errors) = Run("create", "-c", "a b", "--help", "");

        Assert.Equal((42, "[create][-c][a b][--help][] typed handed\n", "to-stderr\n"), (code, output, errors));
    }

    [Fact]
    public void Xl_finds_pciback_beside_the_hosts_real_drivers()
    {
        using PcibackDirectory directory = Serve();
        Install("""
            cd /sys/bus/pci/drivers; echo *; cat pciback/slots; readlink pciback/0000:00:04.0
            for d in *; do [ $d = pciback ] || [ -w $d/bind ] || echo "$d is not real"; done
            """);
        string[] drivers = [.. Directory.GetDirectories(XlView.Drivers).Select(path => Path.GetFileName(path)).Append("pciback").Order(StringComparer.Ordinal)];

        (int code, string output, string errors) = Run();

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal($"{string.Join(' ', drivers)}\n0000:00:04.0\n/sys/bus/pci/devices/0000:00:04.0\n", output);
        Assert.False(Directory.Exists(Path.Combine(XlView.Drivers, "pciback")), "the host itself must not see it");
    }

    [Fact]
    public void What_xl_writes_is_done_and_answered()
    {
        using PcibackDirectory directory = Serve();
        Install("""
            cd /sys/bus/pci/drivers/pciback
            /usr/bin/printf 0000:00:05.0 > bind || echo refused
            printf 0000:00:05.0 > new_slot && printf 0000:00:05.0 > bind && [ -L 0000:00:05.0 ] && echo bound
            printf 0000:00:04.0 > permissive && cat permissive
            printf 0000:00:04.0 > remove_slot && [ ! -L 0000:00:04.0 ] && echo removed; ls -d 0*
            """);

        (_, string output, string errors) = Run();

        Assert.Equal("refused\nbound\n0000:00:04.0\nremoved\n0000:00:05.0\n", output);
        Assert.Contains("No such device", errors, StringComparison.Ordinal);
        Assert.Equal(["take 0000:00:05.0", "give back 0000:00:04.0"], _custody.Asked);
    }

    [Fact]
    public void A_view_outlives_the_verb_and_the_daemon()
    {
        PcibackDirectory first = Serve();
        Install($$"""
            cd {{_folder["."]}}
            ( echo 1 > begun
              while [ ! -e stopped ]; do sleep 0.05; done
              cat /sys/bus/pci/drivers/pciback/slots > while-stopped 2>&1
              echo 1 > noticed
              while [ ! -e again ]; do sleep 0.05; done
              cat /sys/bus/pci/drivers/pciback/slots > after ; mv after done ) > /dev/null 2>&1 &
            """);
        Assert.Equal(0, Run().Code);
        WaitFor("begun");

        first.Dispose();
        _folder.Write("stopped", "");
        WaitFor("noticed");
        using PcibackDirectory second = Serve();
        _folder.Write("again", "");

        WaitFor("done");
        Assert.Equal("0000:00:04.0\n", File.ReadAllText(_folder["done"]));
        Assert.Contains("No such file", File.ReadAllText(_folder["while-stopped"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_directory_replaces_the_first_and_survives_its_end()
    {
        PcibackDirectory first = Serve();
        using PcibackDirectory second = Serve();

        first.Dispose();

        Assert.Equal("0000:00:04.0\n", File.ReadAllText(Path.Combine(Drivers, "pciback", "slots")));
    }

    private string Drivers => _folder["run/drivers"];

    private PcibackDirectory Serve()
    {
        if (!File.Exists("/dev/fuse") || !Directory.Exists(XlView.Drivers) || Environment.UserName != "root")
        {
            Assert.Skip("needs root, /dev/fuse and a host with PCI");
        }

        return new(_custody, new(), _folder["run"], NullLogger.Instance);
    }

    private void Install(string script)
    {
        string path = _folder.Write("bin/xl", "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    private (int Code, string Output, string Errors) Run(params string[] words)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string word in (string[])[Path.Combine(AppContext.BaseDirectory, "pcibackflow.dll"), "xl", "--run", _folder["run"], "--", .. words])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["PATH"] = $"{_folder["bin"]}:{start.Environment["PATH"]}";
        start.Environment["PASSED"] = "handed";
        using Process process = Process.Start(start)!;
        process.StandardInput.Write("typed\n");
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors);
    }

    private void WaitFor(string file)
    {
        var waited = Stopwatch.StartNew();
        while (!File.Exists(_folder[file]))
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), $"{file} did not come");
            Thread.Sleep(20);
        }
    }
}

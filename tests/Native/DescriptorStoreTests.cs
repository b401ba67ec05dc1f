using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Native.Tests;

/// <summary>
/// The binary under a service manager with a descriptor store. Without Xen the descriptors mean nothing to the next process, whose machine in memory is
/// another one: it must close them,
/// and say so; what happens to those that mean something, tests/Backend/Inheritance has.
/// </summary>
public sealed partial class DescriptorStoreTests : IDisposable
{
    private const int Terminate = 15;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pcibackflow-store-");
    private readonly DescriptorMail _mail;
    private readonly List<string> _heard = [];
    private readonly List<SafeFileHandle> _stored = [];

    public DescriptorStoreTests() => _mail = new(Path.Combine(_directory.FullName, "notify"));

    public void Dispose()
    {
        _stored.ForEach(static one => one.Dispose());
        _mail.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void Its_descriptors_are_kept_over_a_kill_come_back_and_are_taken_out_at_its_end()
    {
        using (Process killed = Start(""))
        {
            Await("FDSTORE=1\nFDNAME=events-0\nFDPOLL=0");
            killed.Kill();
            killed.WaitForExit();
        }

        Assert.NotEmpty(_stored);
        using Process next = Start(
            "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=events-0:foreign FDSTORE=512 "
            + $"exec \"$@\" 3</proc/{Environment.ProcessId}/fd/{_stored[0].DangerousGetHandle()} 4</dev/zero");
        Await("FDSTOREREMOVE=1\nFDNAME=events-0");
        Await("FDSTOREREMOVE=1\nFDNAME=foreign");
        Await("FDSTORE=1\nFDNAME=events-0\nFDPOLL=0");
        string[] open =
        [
            .. Directory.GetFiles($"/proc/{next.Id}/fd").Select(static file => File.ResolveLinkTarget(file, returnFinalTarget: false)?.FullName ?? ""),
        ];
        Assert.DoesNotContain("/dev/zero", open);

        Assert.Equal(0, End(next));
        Await("FDSTOREREMOVE=1\nFDNAME=events-0");
        string said = next.StandardError.ReadToEnd();
        Assert.Single(said.Split('\n'), static line => line.Contains("events-0", StringComparison.Ordinal)
            && line.Contains("cannot be used", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("LISTEN_PID=$$ LISTEN_FDS=-1")]
    [InlineData("LISTEN_PID=$$ LISTEN_FDS=99999999999999999999")]
    [InlineData("LISTEN_PID=$$ LISTEN_FDS=4096")]
    [InlineData("LISTEN_PID=$$ LISTEN_FDS=three LISTEN_FDNAMES=::::")]
    [InlineData("LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a:b:c")]
    [InlineData("LISTEN_PID=1 LISTEN_FDS=1 LISTEN_FDNAMES=events-0")]
    [InlineData("LISTEN_PID=me LISTEN_FDS=1")]
    [InlineData("FDSTORE=many")]
    public void Variables_that_are_wrong_do_not_keep_it_from_serving(string variables)
    {
        using Process daemon = Start($"{variables} exec \"$@\"");

        Assert.Equal(0, End(daemon));
    }

    [Fact]
    public void A_manager_that_says_that_it_keeps_none_is_not_asked_to()
    {
        using Process daemon = Start("FDSTORE=0 exec \"$@\"");
        Assert.Equal(0, End(daemon));
        Await("STOPPING=1");

        Assert.DoesNotContain(_heard, static text => text.StartsWith("FDSTORE", StringComparison.Ordinal));
    }

    // By a shell, which is the process itself afterwards: it knows its number, and passes descriptors.
    private Process Start(string script)
    {
        ProcessStartInfo start = new("/bin/sh") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _directory.FullName };
        string run = Path.Combine(_directory.FullName, "run");
        string state = Path.Combine(_directory.FullName, "state");
        foreach (string word in (string[])
            ["-c", script.Length == 0 ? "exec \"$@\"" : script, "sh", NativeBinary.Path, "serve", "--platform", "loopback", "--run", run, "--state", state])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment.Clear();
        start.Environment["NOTIFY_SOCKET"] = _mail.Path;
        Process daemon = Process.Start(start)!;
        string? line = daemon.StandardOutput.ReadLine();
        Assert.True(line == "ready", $"'{line}' instead of 'ready': {(line is null ? daemon.StandardError.ReadToEnd() : "")}");
        return daemon;
    }

    // What was heard before is used up.
    private void Await(string text)
    {
        long start = Stopwatch.GetTimestamp();
        while (!_heard.Contains(text))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1), $"not heard within a minute: {text}");
            if (_mail.Take() is { } message)
            {
                _heard.Add(message.Text);
                if (message.Descriptor is { } descriptor)
                {
                    _stored.Add(descriptor);
                }
            }
            else
            {
                Thread.Sleep(5);
            }
        }

        _heard.RemoveRange(0, _heard.IndexOf(text) + 1);
    }

    private static int End(Process daemon)
    {
        Assert.Equal(0, Kill(daemon.Id, Terminate));
        Assert.True(daemon.WaitForExit(TimeSpan.FromMinutes(1)), "the daemon did not end");
        return daemon.ExitCode;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace PciBackFlow.Native.Tests;

/// <summary>The published binary as a daemon, in an empty environment with no file beside it.</summary>
public sealed class DaemonTests : IDisposable
{
    private const long MaxResidentKilobytes = 64 << 10;
    private const int Terminate = 15;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pcibackflow-daemon-");

    private string Run => Path.Combine(_directory.FullName, "run");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void It_serves_a_guest_refuses_a_second_of_its_kind_and_ends_with_0_on_SIGTERM()
    {
        using Process daemon = Start();

        Assert.Contains("on loopback", Ask("status", 0), StringComparison.Ordinal);
        Ask("pci-attach demo1 00:04.0,permissive=1", 0);
        Assert.Equal("Vdev Device\n00.0 0000:00:04.0\n", Ask("pci-list demo1", 0));
        Assert.Contains("\"permissive\"", Ask("status --json", 0), StringComparison.Ordinal);
        Ask("pci-attach demo2 00:04.0", 3);
        Ask("pci-detach demo1 00:04.0", 0);
        Assert.Equal("", Ask("pci-list demo1", 0));
        Ask("pci-attach demo1 00:zz.0", 2);
        Ask("serve --platform loopback", 3);
        Assert.InRange(ResidentKilobytes(daemon), 1, MaxResidentKilobytes);

        Assert.Equal(0, End(daemon));
        Ask("status", 1);
    }

    /// <summary>A host need not have OpenSSL, and .NET ends a process that wants it there: ld.so(8) tells what each one loads.</summary>
    [Fact]
    public void Neither_the_daemon_nor_a_verb_that_asks_it_wants_more_libraries_than_the_host_has()
    {
        string loaded = Path.Combine(_directory.FullName, "loaded");
        (string Name, string Value)[] telling = [("LD_DEBUG", "files"), ("LD_DEBUG_OUTPUT", loaded)];
        using Process daemon = Start(telling);
        foreach (string words in (string[])
            [
                "status", "status --json", "devices", "pci-assignable-list", "pci-attach demo1 00:04.0", "pci-list demo1", "inspect", "reload",
                "top -b --count 1", "doctor", "learn --daemon 00:04.0", "pci-detach demo1 00:04.0",
            ])
        {
            NativeBinary.Run($"{words} --run {Run}", telling);
        }

        Assert.Contains("<title>pcibackflow</title>", LivePage(), StringComparison.Ordinal);

        Assert.Equal(0, End(daemon));
        string[] reports = Directory.GetFiles(_directory.FullName, "loaded.*");
        Assert.True(reports.Length > 12, $"{reports.Length} processes told");
        Assert.All(reports, static report => Assert.DoesNotContain("libssl", File.ReadAllText(report), StringComparison.Ordinal));
    }

    /// <summary>A browser at the end of a tunnel; the page's policy has hashes in it.</summary>
    private string LivePage()
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(Run, "control.sock")));
        socket.Send("GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\nConnection: close\r\n\r\n"u8);
        using StreamReader reader = new(new NetworkStream(socket), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    [Fact]
    public void A_daemon_that_was_killed_leaves_nothing_that_keeps_the_next_one_from_serving()
    {
        using (Process killed = Start())
        {
            Ask("pci-attach demo1 00:04.0", 0);
            killed.Kill();
            killed.WaitForExit();
        }

        using Process next = Start();

        Ask("pci-attach demo1 00:04.0", 0);
        Assert.Equal(0, End(next));
    }

    [Fact]
    public void The_control_socket_is_its_owners_alone()
    {
        using Process daemon = Start();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Run, "control.sock")));
        Assert.Equal(0, End(daemon));
    }

    [Fact]
    public void The_service_manager_hears_that_it_is_ready_that_it_lives_what_it_does_and_that_it_stops()
    {
        string path = Path.Combine(_directory.FullName, "notify");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.ReceiveTimeout = 60_000;

        using Process daemon = Start(("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "400000"), ("JOURNAL_STREAM", "8:1"));

        var heard = new List<string>();
        while (!(heard.Contains("READY=1")
            && heard.Count(message => message == "WATCHDOG=1") >= 3
            && heard.Exists(message => message.StartsWith("STATUS=serving", StringComparison.Ordinal))))
        {
            heard.AddRange(Receive(socket));
        }

        Signal(daemon);
        while (!heard.Contains("STOPPING=1"))
        {
            heard.AddRange(Receive(socket));
        }

        Assert.True(daemon.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(0, daemon.ExitCode);
        Assert.Matches("^<6>", daemon.StandardError.ReadToEnd());
    }

    /// <summary>Counted by the kernel: how often a thread that waited went on. After a verb the server of the control API stays for a while.</summary>
    [Fact]
    public void While_its_guest_asks_for_nothing_the_daemon_wakes_up_once_a_second_at_most()
    {
        const int Seconds = 10;
        const int Attempts = 9;
        using Process daemon = Start();
        Ask("pci-attach demo1 00:04.0", 0);
        List<long> wakeUps = [];
        do
        {
            Dictionary<string, long> before = Waits(daemon);
            Thread.Sleep(TimeSpan.FromSeconds(Seconds));
            wakeUps.Add(Waits(daemon).Sum(thread => thread.Value - before.GetValueOrDefault(thread.Key)));
        }
        while (wakeUps[^1] > Seconds && wakeUps.Count < Attempts);

        Assert.True(wakeUps[^1] <= Seconds, $"wake-ups in {Seconds} s, again and again: {string.Join(", ", wakeUps)}");
        Assert.Equal(0, End(daemon));
    }

    private static Dictionary<string, long> Waits(Process daemon)
    {
        Dictionary<string, long> waits = [];
        foreach (string thread in Directory.EnumerateDirectories($"/proc/{daemon.Id}/task"))
        {
            try
            {
                string line = File.ReadLines($"{thread}/status").First(static line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal));
                waits[thread] = long.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // The thread has ended.
            }
        }

        return waits;
    }

    private static string[] Receive(Socket socket)
    {
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static int End(Process daemon)
    {
        Signal(daemon);
        Assert.True(daemon.WaitForExit(TimeSpan.FromMinutes(1)), "the daemon did not end");
        return daemon.ExitCode;
    }

    private static void Signal(Process daemon)
    {
        using var kill = Process.Start("kill", ["-s", $"{Terminate}", $"{daemon.Id}"]);
        kill.WaitForExit();
    }

    private static long ResidentKilobytes(Process daemon)
    {
        string line = File.ReadLines($"/proc/{daemon.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    private string Ask(string words, int expected)
    {
        (int exitCode, string? output, string? errors) = NativeBinary.Run($"{words} --run {Run}");
        Assert.True(exitCode == expected, $"{words}: exit code {exitCode}: {errors}");
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        return output;
    }

    private Process Start(params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(NativeBinary.Path);
        foreach (string? word in new[] { "serve", "--platform", "loopback", "--run", Run, "--state", Path.Combine(_directory.FullName, "state") })
        {
            start.ArgumentList.Add(word);
        }

        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.WorkingDirectory = _directory.FullName;
        start.Environment.Clear();
        foreach ((string? name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        Process daemon = Process.Start(start)!;
        string? line = daemon.StandardOutput.ReadLine();
        Assert.True(line == "ready", $"'{line}' instead of 'ready': {(line is null ? daemon.StandardError.ReadToEnd() : "")}");
        return daemon;
    }
}

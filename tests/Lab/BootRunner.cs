using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Lab.Tests;

/// <summary>Boots a scenario's machine once and collects what it reports.</summary>
internal static class BootRunner
{
    // Xen, dom0 and its toolstack are up after 12 s on two idle cores.
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120) * LabSettings.Slowness;

    // Its longest pause on the way there is 3 s; QEMU 7.2 has been seen to stand still in the midst of dom0's kernel, with a processor busy.
    private static readonly TimeSpan StartSilence = TimeSpan.FromSeconds(30) * LabSettings.Slowness;

    // Files of the host's folder: the program that is its QEMU, and what it was made of.
    private const string Emulator = "qemu";
    private const string Versions = "versions";

    // 128 + SIGSEGV; 128 + SIGABRT would be one of its own assertions, which a device model may owe to what the guest or a backend did.
    private const int EmulatorCrash = 139;

    private static readonly SemaphoreSlim Gate = new(LabSettings.ConcurrentBoots);

    // QEMU 7.2 itself has been seen to crash (Machine.Acceleration).
    private const int MostBoots = 3;

    /// <summary>
    /// Runs the scenario to its end or its time-out. A boot that says nothing of the tested program is made again, and each log is kept.
    /// Never throws: what went wrong is in the record. Null: no boot is begun any more.
    /// </summary>
    public static BootRecord? Run(Type scenario, Machine machine)
    {
        Gate.Wait();
        try
        {
            if (DateTimeOffset.UtcNow > LabSettings.Until)
            {
                return null;
            }

            Directory.CreateDirectory(LabSettings.Logs);
            for (int boot = 1; ; boot++)
            {
                BootRecord record = RunOnce(scenario, machine);
                if (!record.SaysNothing || boot == MostBoots || DateTimeOffset.UtcNow > LabSettings.Until)
                {
                    return record;
                }

                File.Copy(record.LogPath, Path.ChangeExtension(record.LogPath, $".failed-{boot}.log"), overwrite: true);
            }
        }
        finally
        {
            Gate.Release();
        }
    }

    private static BootRecord RunOnce(Type scenario, Machine machine)
    {
        using var log = new BootLog(Path.Combine(LabSettings.Logs, scenario.Name + ".log"));
        string? trouble = null;
        bool isProven = false;
        try
        {
            (isProven, trouble) = Run(scenario, machine, log, TestContext.Current.CancellationToken);
        }
        catch (Exception failure) when (failure is IOException or InvalidOperationException or System.ComponentModel.Win32Exception or SocketException)
        {
            trouble = $"the lab cannot start: {failure.Message}";
        }

        return log.Record(isProven, trouble);
    }

    private static (bool IsProven, string? Trouble) Run(Type scenario, Machine machine, BootLog log, CancellationToken cancellation)
    {
        foreach (string? part in new[] { Emulator, "xen", "vmlinux", "dom0.cpio", "guest.cpio", "disk.img", Versions })
        {
            if (!File.Exists(Path.Combine(LabSettings.HostFolder, part)))
            {
                return (false, $"the lab is not prepared ({part} is not in {LabSettings.HostFolder}): run tests/Lab/prepare.sh {LabSettings.Host.Name}");
            }
        }

        string binary = PublishedProgram.Path;
        using var folder = new TemporaryFolder();
        string initramfs = Initramfs.Make(folder, scenario, machine, binary);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder["reports"]));
        listener.Listen(1);

        string? trouble = RunQemu(
            machine.Command(LabSettings.HostFolder, initramfs, folder["reports"], folder["monitor"]), listener, new(folder["monitor"], log), log,
            LabSettings.LimitFrom(machine.TimeLimit), cancellation);
        return (log.HasReport($"PROOF binary {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(binary)))}"), trouble);
    }

    private static string? RunQemu(
        IReadOnlyList<string> command, Socket listener, EmulatorMonitor monitor, BootLog log, TimeSpan limit, CancellationToken cancellation)
    {
        string? trouble = null;

        // The kernel kills QEMU when the thread that started it ends, so it cannot outlive a killed test run; hence a thread of its own.
        var thread = new Thread(() =>
        {
            try
            {
                trouble = Supervise(command, listener, monitor, log, limit, cancellation);
            }
            catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException)
            {
                trouble = $"QEMU cannot be started: {failure.Message}";
            }
        });
        thread.Start();
        thread.Join();
        return trouble;
    }

    private static string? Supervise(
        IReadOnlyList<string> command, Socket listener, EmulatorMonitor monitor, BootLog log, TimeSpan limit, CancellationToken cancellation)
    {
        using var qemu = new Process();
        string emulator = Path.Combine(LabSettings.HostFolder, Emulator);
        qemu.StartInfo = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", emulator, .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        log.Add($"host {LabSettings.Host.Name}: {File.ReadAllText(Path.Combine(LabSettings.HostFolder, Versions)).Trim()}");
        log.Add($"$ {emulator} {string.Join(' ', command)}");
        qemu.Start();
        qemu.StandardInput.Close();
        var console = Task.Run(() => log.Collect(qemu.StandardOutput.BaseStream), CancellationToken.None);
        var complaints = Task.Run(() => log.Collect(qemu.StandardError.BaseStream), CancellationToken.None);
        var reports = Task.Run(() => CollectReports(listener, monitor, log), CancellationToken.None);

        string? trouble = WaitForEnd(qemu, log, limit, cancellation);
        if (!qemu.HasExited)
        {
            qemu.Kill();
        }

        qemu.WaitForExit();
        listener.Dispose();
        Task.WhenAll(console, complaints, reports).Wait(TimeSpan.FromSeconds(10), CancellationToken.None);
        log.Add($"QEMU ended with {qemu.ExitCode}");
        return qemu.ExitCode == EmulatorCrash ? BootRecord.EmulatorCrashed : trouble;
    }

    private static string? WaitForEnd(Process qemu, BootLog log, TimeSpan limit, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while (!qemu.WaitForExit(TimeSpan.FromMilliseconds(200)))
        {
            if (cancellation.IsCancellationRequested)
            {
                return "the test run was cancelled";
            }

            if (!log.HasReport("BOOT ready"))
            {
                if (log.Silence > StartSilence)
                {
                    return BootRecord.NeverUp;
                }

                if (clock.Elapsed > StartLimit)
                {
                    return $"dom0 was not up after {StartLimit.TotalSeconds} s";
                }
            }

            if (clock.Elapsed > limit)
            {
                return $"the boot was not done after {limit.TotalSeconds} s";
            }
        }

        return log.HasReport("BOOT ready") ? null : $"QEMU ended before dom0 was up (exit code {qemu.ExitCode})";
    }

    private static void CollectReports(Socket listener, EmulatorMonitor monitor, BootLog log)
    {
        try
        {
            using Socket connection = listener.Accept();
            using var stream = new NetworkStream(connection);
            log.Collect(stream, monitor.Hear);
        }
        catch (SocketException)
        {
            // QEMU ended before it connected.
        }
        catch (ObjectDisposedException)
        {
            // The same, noticed later.
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests;

public sealed class BackendDaemonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SilentMachine _machine = new();
    private IReadOnlyList<SettingReport> _configuration = [new("platform", "loopback", "detected"), new("spin", "20", "default")];

    public void Dispose()
    {
        _machine.Gate.Set();
        _machine.Dispose();
        _folder.Dispose();
    }

    /// <summary>Who follows it waits 40 s in all, the service manager 45 s; commands under way have 30 s of these.</summary>
    [Fact]
    public async Task A_collector_whose_answer_does_not_come_is_waited_for_a_second_and_not_as_long_as_a_command()
    {
        int port = FreePort();
        using BackendDaemon daemon = Daemon(port);
        await daemon.StartControlAsync(ControlSocket.PathIn(_folder["."]), NullLoggerFactory.Instance);
        _machine.Gate.Reset();
        using TcpClient collector = new();
        collector.Connect(IPAddress.Loopback, port);
        collector.Client.Send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"u8);
        Bench.Eventually(() => _machine.IsAsked, "the metrics are being read");

        long start = Stopwatch.GetTimestamp();
        await daemon.StopControlAsync(TimeSpan.FromSeconds(30));

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 15);
    }

    [Fact]
    public async Task A_reload_names_every_key_that_is_only_read_at_the_start_and_was_changed_added_or_taken_away()
    {
        _configuration =
        [
            new("spin", "20", "default"), new("slots", "vpci", "default"), new("refusals.no-reset", "none", "file"), new("policy", "strict", "file"),
        ];
        using BackendDaemon daemon = Daemon(port: 0);
        await daemon.StartControlAsync(ControlSocket.PathIn(_folder["."]), NullLoggerFactory.Instance);

        _configuration = [new("spin", "30", "file"), new("slots", "vpci", "file"), new("refusals.siblings", "warning", "file")];
        ReloadReport report = await daemon.ReloadAsync();
        ReloadReport again = await daemon.ReloadAsync();

        Assert.Equal(["refusals.no-reset", "refusals.siblings", "spin"], report.NeedRestart.Order());
        Assert.Equal(report.NeedRestart, again.NeedRestart);
        await daemon.StopControlAsync(TimeSpan.FromSeconds(30));
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private BackendDaemon Daemon(int port)
    {
        BackendDaemon daemon = new(_machine, new()
        {
            Version = "1.0", Platform = "loopback", RunDirectory = _folder["."], Shards = 1, SpinMicroseconds = 0, MetricsPort = port,
            Configuration = _configuration, ReadAgain = () => (new(), _configuration),
        });
        daemon.Start();
        return daemon;
    }

    /// <summary>The machine in memory, on which what is known of errors is not told while a gate is shut.</summary>
    private sealed class SilentMachine : Machine
    {
        private readonly EmulatedMachine _machine = new();
        private readonly SilentErrors _errors = new();

        public ManualResetEventSlim Gate => _errors.Gate;

        public bool IsAsked => _errors.IsAsked;

        public override IHypervisor Hypervisor => _machine.Hypervisor;

        public override IDeviceCustody Custody => _machine.Custody;

        public override IErrorSource Errors => _errors;

        public override bool HasXl => false;

        public override bool OutlivesProcess => false;

        public override string Remark => _machine.Remark;

        public override void Dispose()
        {
            _errors.Dispose();
            _machine.Dispose();
        }
    }

    private sealed class SilentErrors : IErrorSource
    {
        private readonly EmulatedErrorSource _errors = new();

        public ManualResetEventSlim Gate { get; } = new(initialState: true);

        public volatile bool IsAsked;

        public IReadOnlyList<string> Remarks
        {
            get
            {
                IsAsked = !Gate.IsSet;
                Gate.Wait();
                return [];
            }
        }

        public void Start(Action<DeviceError> found) => _errors.Start(found);

        public void Stop(Action<DeviceError> found) => _errors.Stop(found);

        public void Clear(PciAddress device) => _errors.Clear(device);

        public void Dispose() => _errors.Dispose();
    }
}

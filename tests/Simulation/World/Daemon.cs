using PciBackFlow.Backend;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Tests;
using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Simulation;

/// <summary>One run of the daemon: the product's own composition on a platform that can be killed.</summary>
internal sealed class Daemon
{
    private readonly RunFolder _folder;
    private readonly string _place;

    public Daemon(Kernel kernel, IHypervisor hypervisor, HostDevices devices, IErrorSource errors, RunFolder folder, Action<string> note,
        Func<IHypervisor, IHypervisor>? around)
    {
        _folder = folder;
        _place = folder.Current;
        Process = new(kernel, "daemon");
        Platform = new(hypervisor, Process, folder.Keep);
        kernel.RunAs(Process, () =>
        {
            Custody = devices.CustodyOf(Process, note);
            Backend = new(new()
            {
                Hypervisor = around?.Invoke(Platform) ?? Platform,
                FunctionSource = Custody,
                Devices = new() { Custody = Custody, JournalDirectory = _place },
                Errors = errors,
                Shards = 1,
                SpinMicroseconds = 0,
                Logger = Lines,
            });
        });
    }

    public VirtualProcess Process { get; }

    public MortalPlatform Platform { get; }

    public SmallCustody Custody { get; private set; } = null!;

    public BackendHost Backend { get; private set; } = null!;

    public CapturedLines Lines { get; } = new();

    public IToolstack? Toolstack { get; private set; }

    public bool IsAlive => !Process.IsDead;

    public void Start() => Process.Kernel.RunAs(Process, () =>
    {
        try
        {
            Backend.Start();
            Toolstack = Backend.Toolstack;
        }
        catch (KilledException)
        {
        }
    });

    /// <summary>Whatever it is at, it is no more.</summary>
    public void Kill()
    {
        Platform.Kill();
        Bury();
    }

    /// <summary>It is told to end.</summary>
    public void Stop()
    {
        Process.Kernel.RunAs(Process, Backend.Dispose);
        Platform.Kill();
        Bury();
    }

    /// <summary>After its death: what the kernel closes of it. Its files have been kept.</summary>
    public void Bury()
    {
        Backend.Journal?.Dispose();
        Process.Kernel.RunAs(Process, () => Backend.Inheritance?.Dispose());
        _folder.Forget(_place);
    }
}

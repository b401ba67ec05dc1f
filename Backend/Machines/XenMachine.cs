using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Machines;

/// <summary>The control domain of a Xen host: its guests, and the host's devices.</summary>
public sealed class XenMachine : Machine
{
    private readonly XenHypervisor _hypervisor;
    private readonly IDomainControl _domains;
    private readonly IPhysdev _physdev;
    private readonly DeviceCustody _custody;
    private readonly LinuxErrorSource _errors;
    private readonly string _version;
    private Task _adopting = Task.CompletedTask;

    /// <summary>Opens the machine; what this boot's records say is held is held again.</summary>
    /// <param name="options">What to work with.</param>
    /// <exception cref="HypervisorException">Xen, or its libraries, refused.</exception>
    /// <exception cref="BackendException">The state file can't be read.</exception>
    public XenMachine(XenMachineOptions options)
    {
        _version = options.XenVersion;
        _hypervisor = new XenHypervisor(options.Lost);
        _domains = _hypervisor.OpenDomainControl();
        _physdev = _hypervisor.OpenPhysdev();
        _custody = DeviceCustody.Open(new DeviceCustodyOptions
        {
            StateDirectory = options.StateDirectory,
            Domains = _domains,
            Physdev = _physdev,
            Refusals = options.Refusals,
            Logger = options.Logger,
        });
        _errors = new(new SysfsBus(), () => [.. _custody.Held().Select(static held => held.Address)]);
    }

    /// <inheritdoc/>
    public override IHypervisor Hypervisor => _hypervisor;

    /// <inheritdoc/>
    public override IDeviceCustody Custody => _custody;

    /// <inheritdoc/>
    public override IErrorSource Errors => _errors;

    /// <inheritdoc/>
    public override bool HasXl => true;

    /// <inheritdoc/>
    public override bool OutlivesProcess => true;

    /// <inheritdoc/>
    public override bool IsChanging => !_adopting.IsCompleted || _custody.IsChanging;

    /// <inheritdoc/>
    public override string Remark => $"Xen {_version}; {_custody.Held().Count} devices held";

    /// <inheritdoc/>
    public override Task SettledAsync() => Task.WhenAny(_adopting);

    /// <inheritdoc/>
    /// <remarks>Looking at many devices takes a while, and taking one resets it, which takes seconds: guests that have theirs don't wait for it. What is not
    /// as it should be, or could not be taken, is logged by the custody.</remarks>
    public override void Started() => _adopting = Task.Factory.StartNew(
        () =>
        {
            _custody.Examine();
            _custody.Adopt();
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc/>
    public override void Succeeded() => _errors.LeaveTrace();

    /// <inheritdoc/>
    public override void Dispose()
    {
        _errors.Dispose();
        if (!_adopting.IsCompleted)
        {
            // What hangs in a device ends with the process, whose end guests wait for.
            return;
        }

        _custody.Dispose();
        _physdev.Dispose();
        _domains.Dispose();
    }
}

using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Sources;

/// <summary>
/// A held device in a guest's hands: the host's function, writable, with the line interrupt that was captured when it was taken and a reset that ends in the
/// settings it was taken with. Registers are accessed by the guest's shard; operations by one thread at a time.
/// </summary>
public sealed class HeldFunction : DelegatingFunction
{
    private readonly SysfsBus _bus;
    private readonly SysfsFunction _function;
    private readonly ConfigSnapshot _clean;
    private readonly IPhysdev? _physdev;
    private readonly IReadOnlyList<string>? _resetMethods;
    private readonly Func<bool> _isExposed;
    private readonly int _messageControl;
    private readonly int _messageXControl;
    private int _isTouched;
    private volatile bool _wasExposed;

    /// <param name="bus">The host's bus.</param>
    /// <param name="function">Its registers, writable; owned from now on.</param>
    /// <param name="clean">The settings it was taken with.</param>
    /// <param name="line">Its line interrupt, or 0.</param>
    /// <param name="physdev">Who writes messages back after a reset.</param>
    /// <param name="resetMethods">The administrator's choice; null for the kernel's.</param>
    /// <param name="isTouched">Whether somebody may have left something in it.</param>
    /// <param name="isExposed">Asks whether a guest can reach its memory now.</param>
    internal HeldFunction(
        SysfsBus bus,
        SysfsFunction function,
        ConfigSnapshot clean,
        int line,
        IPhysdev? physdev,
        IReadOnlyList<string>? resetMethods,
        bool isTouched,
        Func<bool> isExposed)
        : base(function)
    {
        _bus = bus;
        _function = function;
        _clean = clean;
        _physdev = physdev;
        _resetMethods = resetMethods;
        _isTouched = isTouched ? 1 : 0;
        _isExposed = isExposed;
        _wasExposed = isExposed();
        InterruptLine = (byte)line;
        CapabilityList capabilities = CapabilityWalk.Read(function);
        _messageControl = capabilities.TryFind(CapabilityId.Msi, out PciCapability msi) ? msi.Offset + MsiRegisters.Control : -1;
        _messageXControl = capabilities.TryFind(CapabilityId.MsiX, out PciCapability msix) ? msix.Offset + MsiXRegisters.Control : -1;
    }

    /// <inheritdoc/>
    public override string Origin => $"held {Address}";

    /// <inheritdoc/>
    public override byte InterruptLine { get; }

    /// <summary>Whether anything was written or enabled since the last reset that succeeded. A function that is only read needs no cleaning.</summary>
    internal bool IsTouched => Volatile.Read(ref _isTouched) != 0;

    /// <summary>
    /// Whether a guest could reach its memory when it was last reset, or, without a reset, when it was opened: what was done there since, nobody saw.
    /// </summary>
    internal bool WasExposed => _wasExposed;

    /// <inheritdoc/>
    public override bool TryWrite(int offset, int size, uint value)
    {
        Volatile.Write(ref _isTouched, 1);
        return _function.TryWrite(offset, size, value);
    }

    /// <inheritdoc/>
    public override bool TryEnable()
    {
        Volatile.Write(ref _isTouched, 1);
        return _function.TryEnable();
    }

    /// <inheritdoc/>
    public override bool TrySetPowerState(int state)
    {
        Volatile.Write(ref _isTouched, 1);
        return _function.TrySetPowerState(state);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Messages that were on when it began are on afterwards: the device has lost its vectors, which Xen knows and writes back. A function that the kernel
    /// cannot reset fails, but is restored.
    /// </remarks>
    public override bool TryReset()
    {
        bool hadMessages = HasMessages();
        ResetOutcome outcome = Clean();
        if (!outcome.IsReset)
        {
            return false;
        }

        if (!hadMessages || _physdev is null)
        {
            return true;
        }

        try
        {
            _physdev.RestoreMessages(Address);
            Volatile.Write(ref _isTouched, 1);
            return true;
        }
        catch (HypervisorException)
        {
            // The guest's driver gets no interrupts any more: for it, the reset failed.
            return false;
        }
    }

    /// <inheritdoc/>
    public override bool TryPutBack() => Clean().Unusable is null;

    /// <summary>Resets and restores, and says how it went.</summary>
    internal ResetOutcome Clean()
    {
        // Asked before: a guest that loses it in the middle of the reset could reach it at its beginning.
        bool isExposed = _isExposed();
        ResetOutcome outcome = FunctionReset.Run(_bus, _function, ResetPlan.For(_bus, Address, _resetMethods), _clean);

        // A reset that failed has cleaned nothing but registers. Without a method to try, those are all that there is to clean.
        if (outcome is { Unusable: null, Problem: null })
        {
            Volatile.Write(ref _isTouched, 0);
            _wasExposed = isExposed;
        }

        return outcome;
    }

    private bool HasMessages() =>
        IsSet(_messageControl, MsiRegisters.Enable) || IsSet(_messageXControl, MsiXRegisters.Enable);

    private bool IsSet(int offset, uint bit) => offset >= 0 && _function.TryRead(offset, 2, out uint value) && !NoAnswer.Is(value, 2) && (value & bit) != 0;
}

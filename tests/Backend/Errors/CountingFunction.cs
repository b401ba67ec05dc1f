using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>A function that counts its resets, and has none of its own if a test says so.</summary>
internal sealed class CountingFunction(EmulatedFunction inner) : DelegatingFunction(inner)
{
    private int _resets;
    private int _putBack;

    /// <summary>Whether the host has no way to reset it.</summary>
    public bool HasNoReset { get; set; }

    public int Resets => Volatile.Read(ref _resets);

    /// <summary>How often its registers were written back without a reset.</summary>
    public int PutBack => Volatile.Read(ref _putBack);

    public override bool TryReset()
    {
        Interlocked.Increment(ref _resets);
        return !HasNoReset && inner.TryReset();
    }

    public override bool TryPutBack()
    {
        Interlocked.Increment(ref _putBack);
        return true;
    }
}

using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>A function that counts its resets, has none of its own if a test says so, and takes as long for one as a test says.</summary>
internal sealed class CountingFunction(EmulatedFunction inner) : DelegatingFunction(inner)
{
    private int _resets;
    private int _putBack;

    /// <summary>Whether the host has no way to reset it.</summary>
    public bool HasNoReset { get; set; }

    /// <summary>What a reset, or a writing back, waits for behind its count; null: nothing.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    public int Resets => Volatile.Read(ref _resets);

    /// <summary>How often its registers were written back without a reset.</summary>
    public int PutBack => Volatile.Read(ref _putBack);

    public override bool TryReset()
    {
        Interlocked.Increment(ref _resets);
        Gate?.Wait();
        return !HasNoReset && inner.TryReset();
    }

    public override bool TryPutBack()
    {
        Interlocked.Increment(ref _putBack);
        Gate?.Wait();
        return true;
    }
}

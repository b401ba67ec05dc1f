using PciBackFlow.Backend.Running;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// Keeps a guest from spending the host's time with requests that the hypervisor refuses again and again: after so many in a row within
/// a second, the rest of that second gets the last reason without another try. Owned by the function's lock.
/// </summary>
internal sealed class RefusalBrake
{
    /// <summary>Refusals in a row within a second that were really tried: a driver that asks for fewer and fewer vectors needs less than ten.</summary>
    public const int Limit = 32;

    private readonly FixedWindow _tries = new(Limit, TimeSpan.FromSeconds(1), TimeProvider.System);
    private InterruptRefusal? _last;

    /// <summary>What is answered without asking the hypervisor; null when it is to be asked.</summary>
    public InterruptRefusal? Current => _tries.IsUsedUp ? _last! with { IsHypervisors = false } : null;

    /// <summary>It refused.</summary>
    /// <param name="refusal">Why.</param>
    public void Refused(InterruptRefusal refusal)
    {
        _tries.TryTake(out _);
        _last = refusal;
    }

    /// <summary>It agreed.</summary>
    public void Agreed() => _tries.Refill();
}

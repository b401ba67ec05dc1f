using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// One guest's denied writes on their way to the log: the first to each register, in a bounded ring. The thread that carries the guest's
/// request puts in, without a lock; one thread at a time takes out. What finds no room is not marked as said, so the guest's
/// next attempt at it comes again: nothing a guest repeats is lost.
/// </summary>
/// <param name="listener">Is told of each; null when nobody takes them out before the guest ends.</param>
public sealed class DeniedWrites(IDeniedWriteListener? listener = null)
{
    /// <summary>Most writes that wait. Guests try a handful of registers at start; half a kilobyte for each of a thousand guests.</summary>
    public const int Capacity = 16;

    private readonly DeniedWrite[] _ring = new DeniedWrite[Capacity];

    // Written by the taker; read by the carrier.
    private int _taken;

    // Written by the carrier; read by the taker.
    private int _noted;

    /// <summary>Takes the oldest. One thread at a time.</summary>
    /// <param name="write">The write; default when there is none.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryTake(out DeniedWrite write)
    {
        // Acquires what Note released.
        int at = _taken;
        if (at == Volatile.Read(ref _noted))
        {
            write = default;
            return false;
        }

        write = _ring[at % Capacity];

        // The ring must not keep a function alive that was taken away.
        _ring[at % Capacity] = default;
        Volatile.Write(ref _taken, (at + 1) & int.MaxValue);
        return true;
    }

    /// <summary>Carrier: notes a write unless its register was noted before.</summary>
    internal void Note(AssignedFunction function, int offset, int size, uint value, uint deniedBits)
    {
        // Pairs with the releasing store in TryTake: a place is used again only after it was emptied.
        int at = _noted;
        if (((at - Volatile.Read(ref _taken)) & int.MaxValue) >= Capacity
            || !function.Registers.TryMarkWarned(offset, ByteLanes.ToDword(deniedBits, offset)))
        {
            return;
        }

        _ring[at % Capacity] = new(function, offset, size, value & ByteLanes.Mask(size), deniedBits);
        Volatile.Write(ref _noted, (at + 1) & int.MaxValue);
        listener?.Noted();
    }
}

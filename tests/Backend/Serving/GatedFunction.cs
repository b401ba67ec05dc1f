using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A function one access of which can be held inside it, as a system call is that the kernel keeps during a reset; all others go on.</summary>
internal sealed class GatedFunction(EmulatedFunction inner) : DelegatingFunction(inner)
{
    private readonly ManualResetEventSlim _gate = new();
    private int _offset = -1;
    private int _held;

    public int Held => Volatile.Read(ref _held);

    public int Resets { get; private set; }

    public Action? OnReset { get; set; }

    public void HoldNextWrite(int offset) => Volatile.Write(ref _offset, offset);

    public void LetGo() => _gate.Set();

    public override bool TryWrite(int offset, int size, uint value)
    {
        if (Interlocked.CompareExchange(ref _offset, -1, offset) == offset)
        {
            Interlocked.Increment(ref _held);
            _gate.Wait();
            bool isDone = inner.TryWrite(offset, size, value);
            Interlocked.Decrement(ref _held);
            return isDone;
        }

        return inner.TryWrite(offset, size, value);
    }

    public override bool TryReset()
    {
        Resets++;
        OnReset?.Invoke();
        return inner.TryReset();
    }

    /// <summary>A register as hardware has it, without an access.</summary>
    public uint Peek(int offset) => BitConverter.ToUInt16(inner.Snapshot(), offset);
}

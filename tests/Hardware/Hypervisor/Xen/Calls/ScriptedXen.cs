using PciBackFlow.Hardware.Hypervisor.Xen.Calls;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Calls;

/// <summary>Answers hypercalls as a test says, and keeps what it was asked byte by byte.</summary>
internal sealed class ScriptedXen : IHypercalls
{
    private readonly Queue<Answer> _answers = new();

    /// <summary>Fills the structure and the buffer; returns 0 or above, or the negative errno.</summary>
    internal delegate int Answer(Span<byte> argument, Span<byte> buffer);

    internal int Running { get; set; } = (4 << 16) | 17;

    internal bool IsDisposed { get; private set; }

    /// <summary>Hypercall, physdev or sched command (0 of others), structure as it was given.</summary>
    internal List<(uint Hypercall, uint Command, byte[] Argument)> Asked { get; } = [];

    internal ScriptedXen Then(Answer answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    internal ScriptedXen Then(int result) => Then((_, _) => result);

    public int Version() => Running;

    public int Physdev(uint command, Span<byte> argument) => Reply(HypercallNumbers.PhysdevOp, command, argument, []);

    public int Sched(uint command, Span<byte> argument) => Reply(HypercallNumbers.SchedOp, command, argument, []);

    public int Control(uint hypercall, Span<byte> argument) => Reply(hypercall, 0, argument, []);

    public int Control(uint hypercall, Span<byte> argument, int pointerAt, Span<byte> buffer)
    {
        Assert.Equal(new byte[8], argument.Slice(pointerAt, 8).ToArray());
        argument.Slice(pointerAt, 8).Fill(0xAB);
        return Reply(hypercall, 0, argument, buffer);
    }

    public void Dispose() => IsDisposed = true;

    private int Reply(uint hypercall, uint command, Span<byte> argument, Span<byte> buffer)
    {
        Asked.Add((hypercall, command, argument.ToArray()));
        return _answers.Dequeue()(argument, buffer);
    }
}

using System.Buffers;

namespace PciBackFlow.Backend.Tracing;

/// <summary>Some records on their way to one reader, in a buffer that is given back.</summary>
/// <param name="Buffer">Rented from the shared pool.</param>
/// <param name="Length">How much of it is records.</param>
/// <param name="Requests">How many of those are requests.</param>
public readonly record struct TraceBatch(byte[] Buffer, int Length, int Requests)
{
    /// <summary>The records.</summary>
    public ReadOnlyMemory<byte> Records => Buffer.AsMemory(0, Length);

    /// <summary>Gives the buffer back.</summary>
    public void Return() => ArrayPool<byte>.Shared.Return(Buffer);
}

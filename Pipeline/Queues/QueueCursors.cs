using System.Runtime.InteropServices;

namespace PciBackFlow.Pipeline.Queues;

/// <summary>Where a <see cref="BoundedQueue{T}"/> writes and reads next: each on a cache line of its own, because other threads move them.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct QueueCursors
{
    /// <summary>Number of the next item to be written.</summary>
    [FieldOffset(64)]
    internal long Tail;

    /// <summary>Number of the next item to be read.</summary>
    [FieldOffset(192)]
    internal long Head;
}

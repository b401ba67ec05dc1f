namespace PciBackFlow.Pipeline.Running;

/// <summary>One thread that carries items.</summary>
/// <param name="ManagedThreadId">The runtime's thread id.</param>
/// <param name="Name">The thread's name.</param>
/// <param name="Stages">Names of the stages that ran on it, noted by the thread itself as it ran them.</param>
/// <param name="AllocatedBytes">What the thread has allocated since it began to carry items, in bytes. Workers and pool threads note it
/// after each item, so what a pool thread allocates between two items appears with the next.</param>
public sealed record StageThread(int ManagedThreadId, string Name, IReadOnlyList<string> Stages, long AllocatedBytes)
{
    /// <summary>What threads have allocated between two reports of them.</summary>
    /// <param name="before">The earlier report.</param>
    /// <param name="after">The later one; a thread that is not in the other has begun since.</param>
    /// <returns>Bytes.</returns>
    public static long AllocatedBetween(IReadOnlyList<StageThread> before, IReadOnlyList<StageThread> after)
    {
        long bytes = 0;
        foreach (StageThread thread in after)
        {
            bytes += thread.AllocatedBytes;
            foreach (StageThread known in before)
            {
                if (known.ManagedThreadId == thread.ManagedThreadId)
                {
                    bytes -= known.AllocatedBytes;
                    break;
                }
            }
        }

        return bytes;
    }
}

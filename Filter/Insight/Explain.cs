using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Insight;

/// <summary>Runs accesses in order against one function as one guest would, and says for each what happened and why.</summary>
public static class Explain
{
    /// <summary>Runs the accesses. Each sees what the ones before it left.</summary>
    /// <param name="function">The function; whether writes reach hardware is its own affair (an overlay keeps them).</param>
    /// <param name="policy">The guest's policy.</param>
    /// <param name="accesses">The accesses; anything a guest can send.</param>
    /// <returns>One explanation for each.</returns>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    public static IReadOnlyList<ExplainedAccess> Run(IPciFunction function, AccessPolicy policy, IReadOnlyList<ConfigAccess> accesses) =>
        Run(function, policy, accesses, out _);

    /// <summary>Runs the accesses, and gives the permissions they met.</summary>
    internal static IReadOnlyList<ExplainedAccess> Run(
        IPciFunction function, AccessPolicy policy, IReadOnlyList<ConfigAccess> accesses, out ConfigSpaceMap map)
    {
        RecordingFunction recording = new(function);
        CompiledFunction compiled = FunctionPermissions.Compile(recording, policy, readAll: FunctionPermissions.IsEmulated(function));
        FilteredFunction guest = new(recording, compiled);

        map = guest.Map;

        // What assignment itself read is not part of any access.
        recording.Take();
        var explained = new ExplainedAccess[accesses.Count];
        for (int i = 0; i < explained.Length; i++)
        {
            ConfigAccess access = accesses[i];
            if (access is { WriteValue: { } bits, Mask: { } mask } && mask != NoAnswer.Of(access.Size))
            {
                // As setpci in a guest: it reads, and writes the other bits back.
                guest.Read(access.Offset, access.Size, out uint old);
                access = access with { WriteValue = (old & ~mask) | bits };
            }

            uint value = 0;
            uint denied = 0;
            AccessStatus status = access.WriteValue is { } written
                ? guest.Write(access.Offset, access.Size, written, out denied)
                : guest.Read(access.Offset, access.Size, out value);
            if (IsUnknown(function, access))
            {
                recording.Take();
                explained[i] = new(
                    access.IsWrite ? "write" : "read", access.Offset, access.Size, access.WriteValue ?? value,
                    NameOf(AccessStatus.OperationFailed), [], [], 0, null)
                {
                    IsKnown = false,
                };
                continue;
            }

            IReadOnlyList<RegisterRow> rows = guest.Map.RowsAt(access.Offset, access.Size);
            explained[i] = new(
                access.IsWrite ? "write" : "read",
                access.Offset,
                access.Size,
                access.WriteValue ?? value,
                NameOf(status),
                Describe(rows),
                recording.Take(),
                denied,
                PolicySuggestion.OneFor(guest.Map, access.Offset, access.Size, denied));
        }

        return explained;
    }

    /// <summary>A status by its name.</summary>
    /// <param name="status">The status.</param>
    /// <returns>The name, as <see cref="ExplainedAccess.Status"/> has it.</returns>
    public static string NameOf(AccessStatus status) => status switch
    {
        AccessStatus.Success => "success",
        AccessStatus.InvalidOffset => "invalid_offset",
        AccessStatus.AccessDenied => "access_denied",
        _ => "op_failed",
    };

    // Inside the space, but not inside what can be read of it.
    private static bool IsUnknown(IPciFunction function, ConfigAccess access) =>
        function.ReadableSize < function.Size
        && access.Offset >= 0 && access.Offset < function.Size && access.Offset + (long)access.Size > function.ReadableSize;

    private static ExplainedRow[] Describe(IReadOnlyList<RegisterRow> rows)
    {
        var described = new ExplainedRow[rows.Count];
        for (int i = 0; i < described.Length; i++)
        {
            described[i] = new(rows[i].Name, rows[i].Offset, rows[i].Size, rows[i].Text, rows[i].Source);
        }

        return described;
    }
}

using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Scripted;

/// <summary>One step of a script, and what it must be answered.</summary>
/// <param name="Request">The request.</param>
/// <param name="Status">The status that is right.</param>
public readonly record struct ScriptedRequest(PciOpRequest Request, PciOpStatus Status = PciOpStatus.Success)
{
    /// <summary>Reads of every dword of a function at the guest's address 0000:00:00.0.</summary>
    /// <param name="size">Bytes of its configuration space.</param>
    /// <returns>The script.</returns>
    public static IReadOnlyList<ScriptedRequest> ScanOf(int size) =>
    [
        .. Enumerable.Range(0, size / 4)
            .Select(static dword => new ScriptedRequest(new PciOpRequest { Command = PciOpCode.ConfigRead, Offset = dword * 4, Size = 4 })),
    ];
}

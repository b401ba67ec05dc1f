using PciBackFlow.Backend.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>
/// A recorded driver's accesses to one function, with what each must be answered: in a guest's first round what was recorded, in every later one what the
/// function answers after a round has been. Shared by all guests of a source; immutable.
/// </summary>
internal sealed class RecordedScript
{
    private readonly TraceRecord[] _records;
    private readonly (int Status, uint Value)[] _first;
    private readonly (int Status, uint Value)[] _later;

    private RecordedScript(TraceRecord[] records, (int Status, uint Value)[] first, (int Status, uint Value)[] later) =>
        (_records, _first, _later) = (records, first, later);

    internal int Length => _records.Length;

    /// <summary>Makes the script: plays the recording three times, one after the other, against a function in its first state.</summary>
    /// <param name="open">Opens the function.</param>
    /// <param name="records">Requests that can be sent again.</param>
    /// <exception cref="InvalidOperationException">The function answers otherwise than recorded, or otherwise in each round.</exception>
    internal static RecordedScript Of(Func<IPciFunction> open, IReadOnlyList<TraceRecord> records)
    {
        using IPciFunction function = open();
        using Replay guest = new(function, AccessPolicy.Default);
        var first = new (int, uint)[records.Count];
        var later = new (int, uint)[records.Count];
        for (int i = 0; i < first.Length; i++)
        {
            PciOpStatus status = guest.Send(records[i], out uint value);
            first[i] = ((int)status, value);
            if (Replay.IsAnother(records[i], status, value))
            {
                throw new InvalidOperationException(
                    $"{function.Origin} does not answer as the recording does from its {i + 1}. access on: pcibackflow replay shows where. "
                    + "Give the function that was recorded; a load is under the default policy");
            }
        }

        for (int i = 0; i < later.Length; i++)
        {
            PciOpStatus status = guest.Send(records[i], out uint value);
            later[i] = ((int)status, value);
        }

        for (int i = 0; i < later.Length; i++)
        {
            PciOpStatus status = guest.Send(records[i], out uint value);
            if (later[i] != ((int)status, value))
            {
                throw new InvalidOperationException(
                    $"the recording cannot be repeated: its {i + 1}. access is answered otherwise in each round, because of what the rounds before it wrote");
            }
        }

        return new([.. records], first, later);
    }

    /// <summary>The request at an index.</summary>
    internal FrontendRequest RequestAt(int index, uint devfn)
    {
        ref readonly TraceRecord record = ref _records[index];
        return new() { Command = record.Operation, Devfn = devfn, Offset = record.Offset, Size = record.Size, Value = record.Value, Info = record.Info };
    }

    /// <summary>What it must be answered.</summary>
    internal (int Status, uint Value) AnswerAt(int index, bool isFirst) => isFirst ? _first[index] : _later[index];
}

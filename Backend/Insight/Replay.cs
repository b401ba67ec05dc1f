using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Insight;

/// <summary>Runs recorded requests once more, in their order, against a function as one guest would send them. Used by one thread.</summary>
public sealed class Replay : IDisposable
{
    private readonly SoloGuest _guest;

    /// <summary>A guest that has just been given the function.</summary>
    /// <param name="function">The function; whether writes reach hardware is its own affair (an overlay keeps them). Not disposed.</param>
    /// <param name="policy">The guest's policy.</param>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    public Replay(IPciFunction function, AccessPolicy policy)
    {
        _guest = new(function, FunctionPermissions.Compile(function, policy, readAll: FunctionPermissions.IsEmulated(function)));
        _guest.Prepare();
    }

    /// <summary>
    /// Whether a request can be sent again: a configuration access that was answered by the function. Interrupts belong to their host, and a request that was
    /// answered in another's place says nothing of the function.
    /// </summary>
    /// <param name="record">The request.</param>
    /// <returns>Whether it can.</returns>
    public static bool IsPossible(in TraceRecord record) =>
        record.Kind == TraceRecord.RequestKind && record.Is(TraceRecord.HasFunction) && record.Cause == (byte)FailureCause.None
        && record.Operation <= (uint)PciOpCode.ConfigWrite;

    /// <summary>Compares recorded answers with those that the function gives.</summary>
    /// <param name="function">The function.</param>
    /// <param name="policy">The guest's policy.</param>
    /// <param name="records">Requests that <see cref="IsPossible"/>, in their order.</param>
    /// <returns>The differences, in their order; none when all answers are the same.</returns>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    public static IEnumerable<ReplayDifference> Compare(IPciFunction function, AccessPolicy policy, IEnumerable<TraceRecord> records)
    {
        using Replay guest = new(function, policy);
        int index = 0;
        foreach (TraceRecord record in records)
        {
            index++;
            PciOpStatus status = guest.Send(record, out uint value);
            if (IsAnother(record, status, value))
            {
                IReadOnlyList<RegisterRow> rows = guest._guest.Map.RowsAt(record.Offset, record.Size);
                yield return new(index, record, StatusNames.Of(status), value, [.. rows.Select(static row => row.Name)]);
            }
        }
    }

    /// <summary>Whether an answer is another than the recorded one. Of an access that failed the status alone counts.</summary>
    /// <param name="record">The recorded one.</param>
    /// <param name="status">The status.</param>
    /// <param name="value">The value.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsAnother(in TraceRecord record, PciOpStatus status, uint value) =>
        (int)status != record.Status || (status == PciOpStatus.Success && value != record.AnswerValue);

    /// <summary>Sends one request.</summary>
    /// <param name="record">A request that <see cref="IsPossible"/>.</param>
    /// <param name="value">The value answered.</param>
    /// <returns>The status answered.</returns>
    public PciOpStatus Send(in TraceRecord record, out uint value) =>
        _guest.Send(new(record.Offset, record.Size, record.Operation == (uint)PciOpCode.ConfigWrite ? record.Value : null), out value, out _);

    /// <inheritdoc/>
    public void Dispose() => _guest.Dispose();
}

using PciBackFlow.Backend.Guests;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load.Rounds;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// One guest under load: first it looks for its function as its kernel would, then it repeats its rounds, and every answer is compared
/// with the source. Owned by one client thread; nothing here allocates unless something is wrong.
/// </summary>
internal sealed class LoadGuest
{
    private const int FunctionsOfARoot = 256;
    private const int DeviceNotFound = -1;

    private readonly ExpectedAnswers _expected;
    private readonly IGuestRounds _rounds;
    private readonly LoadedFunction _function;
    private readonly GuestSnapshot _backend;
    private readonly uint _devfn;
    private readonly int _lastProbe;
    private int _probe;
    private bool _isRepeating;
    private long _accessesBefore;
    private long _missedBefore;
    private long _expired;
    private long _noPlace;

    /// <param name="guest">Its frontend, connected.</param>
    /// <param name="backend">The same guest in the backend's eyes.</param>
    /// <param name="expected">What it must read.</param>
    /// <param name="rounds">What it does.</param>
    /// <param name="function">Its function.</param>
    /// <param name="neighbour">What that does to other guests; null: nothing.</param>
    internal LoadGuest(
        SimulatedGuest guest, GuestSnapshot backend, ExpectedAnswers expected, IGuestRounds rounds, LoadedFunction function, Neighbour? neighbour)
    {
        Neighbour = neighbour;
        Guest = guest;
        Frontend = guest.Frontend!;
        _backend = backend;
        _expected = expected;
        _rounds = rounds;
        _function = function;
        _devfn = guest.Functions[0].Guest.Devfn;

        // mini-os knows its functions from xenstore and asks for nothing else.
        _probe = guest.Kind == FrontendKind.MiniOs ? (int)_devfn : 0;
        _lastProbe = guest.Kind == FrontendKind.MiniOs ? (int)_devfn : FunctionsOfARoot - 1;
    }

    internal SimulatedGuest Guest { get; }

    /// <summary>What its function does to other guests; null: nothing.</summary>
    internal Neighbour? Neighbour { get; }

    /// <summary>Whether how often it asks is drawn by lot.</summary>
    internal bool IsOfZipf => Neighbour is { Kind: NeighbourKind.Zipf };

    /// <summary>Whether what goes wrong here is an error of the run.</summary>
    internal bool ErrorsCount => Neighbour is not { MissesAreExpected: true };

    internal SimulatedFrontend Frontend { get; }

    /// <summary>When the request under way was planned (open loop), or sent (closed loop).</summary>
    internal long PlannedAt { get; set; }

    /// <summary>Open loop: when the next request is due.</summary>
    internal long NextPlanned { get; set; }

    /// <summary>Answers in the measured window.</summary>
    internal long Operations { get; set; }

    /// <summary>Answers in the measured window for which no register was accessed.</summary>
    internal long ShadowHits { get; set; }

    internal long WireErrors { get; private set; }

    internal long TimeOuts { get; private set; }

    internal long WrongData { get; private set; }

    internal bool HasProbed => _probe > _lastProbe;

    /// <summary>Boots only: whether the next request begins one.</summary>
    internal bool IsBetweenBoots => HasProbed && _rounds is BootRounds { IsAtStart: true };

    /// <summary>Boots only: when the one under way, or the last one, began.</summary>
    internal long BootBegan { get; private set; }

    /// <summary>Whether the answer just judged was the last of a boot.</summary>
    internal bool IsUp { get; private set; }

    /// <summary>Boots only: whether a request of the one under way missed its deadline, the backend's or the frontend's.</summary>
    internal bool HasMissedADeadline => TimeOuts + _backend.ReadCounters().Expired != _missedBefore;

    /// <summary>The first request that went wrong; null when none did.</summary>
    internal LoadFailure? FirstFailure { get; private set; }

    /// <summary>Whether the answer just judged needed no register access.</summary>
    internal bool WasShadowHit => _function.Accesses == _accessesBefore;

    /// <summary>Sends the next request.</summary>
    internal void Post(long now)
    {
        if (IsBetweenBoots && !_isRepeating)
        {
            BootBegan = now;
            _missedBefore = TimeOuts + _backend.ReadCounters().Expired;
        }

        FrontendRequest request = NextRequest();
        _accessesBefore = _function.Accesses;
        Frontend.Post(in request, now);
    }

    /// <summary>Judges the answer and moves on. After a give-up the same request is sent again: whether it was carried out is unknown.</summary>
    /// <returns>Whether the answer was right.</returns>
    internal bool Judge(FrontendOutcome outcome)
    {
        FrontendAnswer answer = Frontend.Answer;
        IsUp = false;
        _isRepeating = outcome == FrontendOutcome.GaveUp;
        if (outcome == FrontendOutcome.GaveUp)
        {
            TimeOuts++;
            NoteFailure(outcome, answer, complaint: null);
            return false;
        }

        int right = HasProbed ? _rounds.RightStatus : (uint)_probe == _devfn ? 0 : DeviceNotFound;
        string? complaint = null;
        if (answer.Status != right)
        {
            WireErrors++;
            NoteFailure(outcome, answer, complaint: null);
        }
        else if (right == 0 && (complaint = HasProbed ? _rounds.Judge(answer) : JudgeProbe(answer)) is not null)
        {
            WrongData++;
            NoteFailure(outcome, answer, complaint);
        }

        Advance();
        return answer.Status == right && complaint is null;
    }

    /// <summary>The guest was still waiting when everything ended.</summary>
    internal void NoteUnanswered()
    {
        TimeOuts++;
        NoteFailure(FrontendOutcome.Waiting, default, complaint: null);
    }

    private FrontendRequest NextRequest() => HasProbed ? _rounds.Next() : FrontendRequest.Read((uint)_probe, 0, 4);

    private string? JudgeProbe(FrontendAnswer answer) => _expected.Matches(0, 4, answer.Value) ? null : ScriptRounds.Difference(answer);

    private void Advance()
    {
        if (!HasProbed)
        {
            _probe++;
            return;
        }

        _rounds.Advance();
        IsUp = _rounds is BootRounds { IsUp: true };
    }

    private void NoteFailure(FrontendOutcome outcome, FrontendAnswer answer, string? complaint)
    {
        // The backend counts before it answers, and this guest has no other request: what was counted since its last failure is about this one.
        GuestCounterValues counted = _backend.ReadCounters();
        FailureCause cause = counted.NoPlace != _noPlace ? FailureCause.Queue : counted.Expired != _expired ? FailureCause.Deadline : FailureCause.None;
        _noPlace = counted.NoPlace;
        _expired = counted.Expired;
        FirstFailure ??= new LoadFailure(outcome, NextRequest(), answer, cause, complaint);
    }
}

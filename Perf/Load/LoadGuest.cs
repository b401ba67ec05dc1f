using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// One guest under load: first it looks for its function as its kernel would, then it repeats its script, and every answer is compared
/// with the source. Owned by one client thread; nothing here allocates.
/// </summary>
internal sealed class LoadGuest
{
    private const int FunctionsOfARoot = 256;
    private const int DeviceNotFound = -1;

    private readonly ExpectedAnswers _expected;
    private readonly AccessStep[] _script;
    private readonly LoadedFunction _function;
    private readonly InterruptRounds? _rounds;
    private readonly uint _devfn;
    private readonly int _lastProbe;
    private int _probe;
    private int _cursor;
    private long _accessesBefore;

    internal LoadGuest(SimulatedGuest guest, ExpectedAnswers expected, AccessStep[] script, LoadedFunction function, InterruptRounds? rounds = null)
    {
        Guest = guest;
        Frontend = guest.Frontend!;
        _expected = expected;
        _script = script;
        _function = function;
        _rounds = rounds;
        _devfn = guest.Functions[0].Guest.Devfn;

        // mini-os knows its functions from xenstore and asks for nothing else.
        _probe = guest.Kind == FrontendKind.MiniOs ? (int)_devfn : 0;
        _lastProbe = guest.Kind == FrontendKind.MiniOs ? (int)_devfn : FunctionsOfARoot - 1;
    }

    internal SimulatedGuest Guest { get; }

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

    /// <summary>The first request that went wrong, and what came back.</summary>
    internal (FrontendOutcome Outcome, FrontendRequest Request, FrontendAnswer Answer)? FirstFailure { get; private set; }

    /// <summary>What was wrong about the first wrong interrupt, in words; null when none was.</summary>
    internal string? FirstComplaint { get; private set; }

    /// <summary>Sends the next request.</summary>
    internal void Post(long now)
    {
        FrontendRequest request = NextRequest();
        _accessesBefore = _function.Accesses;
        Frontend.Post(in request, now);
    }

    /// <summary>Judges the answer and moves on. After a give-up the same request is sent again: whether it was carried out is unknown.</summary>
    /// <returns>Whether the answer was right.</returns>
    internal bool Judge(FrontendOutcome outcome)
    {
        FrontendAnswer answer = Frontend.Answer;
        bool right;
        if (outcome == FrontendOutcome.GaveUp)
        {
            TimeOuts++;
            NoteFailure(outcome, answer);
            return false;
        }

        if (!HasProbed)
        {
            right = JudgeProbe(answer);
            if (!right)
            {
                NoteFailure(outcome, answer);
            }

            _probe++;
            return right;
        }

        if (_rounds is not null)
        {
            return JudgeRound(outcome, answer, _rounds);
        }

        ref readonly AccessStep step = ref _script[_cursor];
        right = true;
        if (answer.Status != 0)
        {
            WireErrors++;
            right = false;
        }
        else if (step.IsWrite)
        {
            _expected.Written(step.Offset, step.Size, step.Value);
        }
        else if (!_expected.Matches(step.Offset, step.Size, answer.Value))
        {
            WrongData++;
            right = false;
        }

        if (!right)
        {
            NoteFailure(outcome, answer);
        }

        _cursor = _cursor + 1 < _script.Length ? _cursor + 1 : 0;
        return right;
    }

    /// <summary>Whether the answer just judged needed no register access.</summary>
    internal bool WasShadowHit => _function.Accesses == _accessesBefore;

    /// <summary>The guest was still waiting when everything ended.</summary>
    internal void NoteUnanswered()
    {
        TimeOuts++;
        NoteFailure(FrontendOutcome.Waiting, default);
    }

    private FrontendRequest NextRequest()
    {
        if (!HasProbed)
        {
            return FrontendRequest.Read((uint)_probe, 0, 4);
        }

        if (_rounds is not null)
        {
            return _rounds.Next();
        }

        ref readonly AccessStep step = ref _script[_cursor];
        return step.IsWrite
            ? FrontendRequest.Write(_devfn, step.Offset, step.Size, step.Value)
            : FrontendRequest.Read(_devfn, step.Offset, step.Size);
    }

    private bool JudgeRound(FrontendOutcome outcome, FrontendAnswer answer, InterruptRounds rounds)
    {
        string? complaint = answer.Status != 0 ? string.Empty : rounds.Judge(answer);
        if (complaint is not null)
        {
            if (answer.Status != 0)
            {
                WireErrors++;
            }
            else
            {
                WrongData++;
            }

            FirstComplaint ??= complaint.Length != 0 ? complaint : null;
            NoteFailure(outcome, answer);
        }

        rounds.Advance();
        return complaint is null;
    }

    private bool JudgeProbe(FrontendAnswer answer)
    {
        bool isMine = (uint)_probe == _devfn;
        if (answer.Status != (isMine ? 0 : DeviceNotFound))
        {
            WireErrors++;
            return false;
        }

        if (isMine && !_expected.Matches(0, 4, answer.Value))
        {
            WrongData++;
            return false;
        }

        return true;
    }

    private void NoteFailure(FrontendOutcome outcome, FrontendAnswer answer) =>
        FirstFailure ??= (outcome, NextRequest(), answer);
}

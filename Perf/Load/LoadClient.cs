using System.Diagnostics;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load.Rounds;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// One thread that plays many guests: waits for any of their events, judges answers, sends the next requests. From the moment it
/// runs it allocates nothing.
/// </summary>
internal sealed partial class LoadClient
{
    // A waiting frontend without an event looks at its clock this often; the run's own thread wakes the client for it.
    private const int SweepMilliseconds = 50;

    // Linux gives up after 3 s at most; who has no answer a while later never gets one.
    private const int DrainSeconds = 4;

    // A storm in which the window ends is seen to its end, but for one that gets nowhere.
    private const int StormSeconds = 60;

    private static readonly double s_nanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly LoopbackEventSet _events;
    private readonly IEventChannels[] _channels;
    private readonly LoadGuest[] _guests;
    private readonly int[] _ready;
    private readonly int[] _ports = new int[4];
    private readonly long _interval;
    private readonly long _firstOffset;
    private readonly BootStorms? _storms;
    private readonly SampleRecorder _samples;
    private readonly int[] _storming;
    private readonly ZipfChoice? _zipf;
    private readonly int[] _byRank;
    private readonly Thread _thread;
    private int _phase = (int)LoadPhase.Probe;
    private long _operations;
    private long _errors;
    private long _signals;
    private int _probed;
    private int _waiting;
    private int _planCursor;
    private int _storm;

    // What was signalled until then has been looked at; what was reported since the next such time may have been signalled long before.
    private long _heardUntil;
    private long _hearingSince;
    private int _heard;
    private bool _allOverdue;
    private long _windowStart;
    private long _windowEnd;
    private long _allocatedAtStart;
    private long _allocatedAtEnd;

    /// <summary>Creates a client thread.</summary>
    /// <param name="events">What it waits on.</param>
    /// <param name="channels">The guests' descriptors, members of <paramref name="events"/> in the same order.</param>
    /// <param name="guests">Its guests.</param>
    /// <param name="samples">Where latencies go.</param>
    /// <param name="interval">Open loop: ticks between two requests of one guest; 0 is a closed loop.</param>
    /// <param name="firstOffset">Open loop: ticks after which its first request is due; spreads the client threads' plans.</param>
    /// <param name="storms">Boots only: when the guests begin them.</param>
    internal LoadClient(
        LoopbackEventSet events, IEventChannels[] channels, LoadGuest[] guests, SampleRecorder samples, long interval, long firstOffset,
        BootStorms? storms = null)
    {
        _events = events;
        _channels = channels;
        _guests = guests;
        _interval = interval;
        _firstOffset = firstOffset;
        _storms = storms;
        _samples = samples;
        _storming = [.. Members(guest => guest.Neighbour is { Kind: NeighbourKind.Storm })];
        _zipf = Array.Exists(guests, static guest => guest.IsOfZipf) ? new ZipfChoice(guests.Length) : null;

        // The neighbours are the first ranks, so that what is reported of them is what is reported of the busy.
        _byRank = [.. Members(static guest => guest.Neighbour is not null), .. Members(static guest => guest.Neighbour is null)];
        _ready = new int[Math.Min(guests.Length, 256)];
        _thread = new Thread(Run) { IsBackground = true, Name = "load client" };
    }

    /// <summary>Boots of its guests; empty in other mixes.</summary>
    internal BootRecord Boots { get; } = new();

    /// <summary>The window's latencies.</summary>
    internal SampleRecorder Samples => _samples;

    /// <summary>Signals without a request that storm guests sent in the measured window. Any thread.</summary>
    internal long Signals => Volatile.Read(ref _signals);

    internal IReadOnlyList<LoadGuest> Guests => _guests;

    /// <summary>Answers in the measured window so far. Any thread.</summary>
    internal long Operations => Volatile.Read(ref _operations);

    /// <summary>Errors since the start. Any thread.</summary>
    internal long Errors => Volatile.Read(ref _errors);

    /// <summary>Guests that have looked for their functions. Any thread.</summary>
    internal int Probed => Volatile.Read(ref _probed);

    internal bool HasEnded => !_thread.IsAlive;

    /// <summary>Length of the measured window in seconds, as this thread saw it.</summary>
    internal double WindowSeconds => (_windowEnd - _windowStart) / (double)Stopwatch.Frequency;

    /// <summary>Bytes that this thread allocated in the measured window.</summary>
    internal long WindowAllocatedBytes => _allocatedAtEnd - _allocatedAtStart;

    internal void Start() => _thread.Start();

    /// <summary>Moves the client on. Any thread.</summary>
    internal void Enter(LoadPhase phase)
    {
        Volatile.Write(ref _phase, (int)phase);
        _events.Wake();
    }

    internal void Join() => _thread.Join();

    /// <summary>Lets time pass for frontends that wait without an event. Any thread, about every 50 ms.</summary>
    internal void Tick() => _events.Wake();

    private void Run()
    {
        LoadPhase phase = LoadPhase.Probe;
        long now = Stopwatch.GetTimestamp();
        long drainEnd = long.MaxValue;
        long nextSweep = now;
        _heardUntil = now;
        _hearingSince = now;
        foreach (LoadGuest guest in _guests)
        {
            Post(guest, now, now);
        }

        while (true)
        {
            var wanted = (LoadPhase)Volatile.Read(ref _phase);
            if (wanted != phase)
            {
                phase = wanted;
                now = Stopwatch.GetTimestamp();
                drainEnd = OnEntered(phase, now);
            }

            if (phase >= LoadPhase.Drain && (_waiting == 0 || now >= drainEnd))
            {
                break;
            }

            int count = _events.Wait(_ready, WaitMilliseconds(phase));
            for (int i = 0; i < count; i++)
            {
                int member = _ready[i];
                int delivered = _channels[member].Read(_ports, 0);
                _channels[member].Unmask(_ports.AsSpan(0, delivered));
                now = Stopwatch.GetTimestamp();
                Look(_guests[member], phase, now, signalled: delivered != 0);
            }

            if (count == 0)
            {
                now = Stopwatch.GetTimestamp();
            }

            NoteHeard(count, now);

            Storm(phase);
            if (IsPlanned(phase))
            {
                PostDue(now);
            }
            else if (IsChosen(phase))
            {
                PostChosen();
            }

            if (_storms is not null && _storms.Begun != _storm)
            {
                BeginStorm(phase);
            }

            if (now >= nextSweep)
            {
                Sweep(phase, now);
                nextSweep = now + (SweepMilliseconds * Stopwatch.Frequency / 1000);
            }
        }

        foreach (LoadGuest guest in _guests)
        {
            if (guest.Frontend.IsWaiting)
            {
                guest.NoteUnanswered();
                CountError(guest);
            }
        }
    }

    private long OnEntered(LoadPhase phase, long now)
    {
        switch (phase)
        {
            case LoadPhase.WarmUp when _interval != 0:
                for (int i = 0; i < _guests.Length; i++)
                {
                    _guests[i].NextPlanned = now + _firstOffset + (long)((double)_interval * i / _guests.Length);
                }

                break;
            case LoadPhase.Measure:
                _samples.Begin();
                _signals = 0;
                Boots.Begin();
                foreach (LoadGuest guest in _guests)
                {
                    guest.Operations = 0;
                    guest.ShadowHits = 0;
                }

                _allocatedAtStart = GC.GetAllocatedBytesForCurrentThread();
                _windowStart = now;
                break;
            case LoadPhase.Drain:
                _windowEnd = now;
                _allocatedAtEnd = GC.GetAllocatedBytesForCurrentThread();
                return now + ((_storms is null ? DrainSeconds : StormSeconds) * Stopwatch.Frequency);
        }

        return long.MaxValue;
    }

    // The set reports its members in turn, none more than twice before all others: whoever was signalled before a wait has been reported when that
    // wait left room, or when twice as many were reported as there are guests.
    private void NoteHeard(int count, long now)
    {
        _heard += count;
        if (count < _ready.Length || _heard >= 2 * _guests.Length)
        {
            _heardUntil = _hearingSince;
            _hearingSince = now;
            _heard = 0;
        }
    }

    private void Look(LoadGuest guest, LoadPhase phase, long now, bool signalled)
    {
        // A guest has a processor of its own and looks at its clock when its event comes, not when this thread, which plays many, gets round to it: its
        // patience is judged at the earliest time when that can have been.
        FrontendOutcome outcome = guest.Frontend.Look(Math.Max(guest.Frontend.PostedAt, _heardUntil), signalled);
        if (outcome == FrontendOutcome.Waiting)
        {
            return;
        }

        _waiting--;
        bool hadProbed = guest.HasProbed;
        bool right = guest.Judge(outcome);
        if (!right)
        {
            CountError(guest);
        }

        if (phase == LoadPhase.Measure)
        {
            Record(guest, now);
        }

        if (guest.HasProbed && !hadProbed)
        {
            Volatile.Write(ref _probed, _probed + 1);
        }

        if (_storms is not null && guest.HasProbed)
        {
            GoOnBooting(guest, phase, now, outcome, _storms);
            return;
        }

        if (phase >= LoadPhase.Drain)
        {
            return;
        }

        if (guest.HasProbed && IsChosen(phase))
        {
            return;
        }

        if (_interval == 0 || !guest.HasProbed)
        {
            long sent = Stopwatch.GetTimestamp();
            Post(guest, sent, sent);
        }
        else if (IsPlanned(phase) && guest.NextPlanned <= now)
        {
            // The plan went on while the guest waited: its next request is late already, and its latency counts from the plan.
            PostPlanned(guest);
        }
    }

    private void Record(LoadGuest guest, long now)
    {
        _samples.Record(guest.PlannedAt, now, guest.Neighbour is not null);
        guest.Operations++;
        if (guest.WasShadowHit)
        {
            guest.ShadowHits++;
        }

        Volatile.Write(ref _operations, _operations + 1);
    }

    private void CountError(LoadGuest guest)
    {
        if (guest.ErrorsCount)
        {
            Volatile.Write(ref _errors, _errors + 1);
        }
    }

    private IEnumerable<int> Members(Predicate<LoadGuest> are) => Enumerable.Range(0, _guests.Length).Where(member => are(_guests[member]));

    private void Sweep(LoadPhase phase, long now)
    {
        foreach (LoadGuest guest in _guests)
        {
            if (guest.Frontend.IsWaiting)
            {
                Look(guest, phase, now, signalled: false);
            }
        }
    }
}

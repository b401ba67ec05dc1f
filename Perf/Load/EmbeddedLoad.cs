using System.Diagnostics;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Hiccups;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load.Rounds;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// A whole host in this process: the loopback, the real backend, guests that are connected, and client threads that play them.
/// Used by one thread.
/// </summary>
internal sealed partial class EmbeddedLoad : IDisposable
{
    private const int TickMilliseconds = 50;
    private const int ConnectSeconds = 30;

    private readonly LoadOptions _options;
    private readonly CancellationToken _cancel;
    private readonly List<TemplateFunction> _sources;
    private readonly List<LoadedFunction> _functions = [];
    private readonly List<SimulatedGuest> _guests = [];
    private readonly List<LoopbackEventSet> _sets = [];
    private readonly List<IEventChannels> _channels = [];
    private readonly List<LoadClient> _clients = [];
    private readonly LoopbackToolstack _toolstack;
    private readonly ExclusiveFunctions _exclusive;
    private readonly TraceSink? _trace;

    /// <summary>Builds everything and connects the guests.</summary>
    /// <exception cref="LoadFailedException">A source function cannot be used, or a guest did not connect.</exception>
    /// <exception cref="OperationCanceledException">Cancelled meanwhile.</exception>
    internal EmbeddedLoad(LoadOptions options, LoadSource source, Action<LoadProgress>? progress, CancellationToken cancel)
    {
        options.Validate();
        _options = options;
        _cancel = cancel;
        Progress = progress;
        _sources = TemplateFunction.OpenAll(source, options.Guests, options.AllRegisters, options.Mix, options.Frontend, options.Recording);
        for (int i = 0; i < options.Guests; i++)
        {
            _functions.Add(_sources[i % _sources.Count].Load(i, Neighbour.IsOne(i) ? options.Neighbour : null));
        }

        _exclusive = new ExclusiveFunctions(_functions);
        var loopback = new LoopbackHost();
        _toolstack = new LoopbackToolstack(loopback);
        var defaults = new BackendOptions { Hypervisor = loopback.BackendView, FunctionSource = _exclusive };
        Workers = options.Workers ?? defaults.Engine.Workers;
        Backend = new BackendHost(defaults with
        {
            Topology = options.Topology,
            Shards = options.Shards,
            SpinMicroseconds = options.SpinMicroseconds ?? defaults.SpinMicroseconds,
            Engine = defaults.Engine with
            {
                LaneCapacity = Math.Max(defaults.Engine.LaneCapacity, options.Guests),
                Workers = Workers,
                AccessLimitMilliseconds = options.AccessLimitMilliseconds ?? defaults.Engine.AccessLimitMilliseconds,
            },
        });
        try
        {
            Hiccups = new HiccupMeter();
            Backend.Start();
            _trace = options.IsTraced ? new TraceSink(Backend.Traces) : null;
            Connect(loopback);
            _functions.ForEach(static function => function.BeginToBeBad());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal BackendHost Backend { get; }

    /// <summary>The machine's own hiccups.</summary>
    internal HiccupMeter Hiccups { get; } = null!;

    /// <summary>The backend's threads for requests that may block.</summary>
    internal int Workers { get; }

    internal IReadOnlyList<LoadClient> Clients => _clients;

    internal Action<LoadProgress>? Progress { get; }

    internal bool IsCancelled => _cancel.IsCancellationRequested;

    /// <summary>Register accesses of the backend so far.</summary>
    internal long HardwareAccesses
    {
        get
        {
            long sum = 0;
            foreach (LoadedFunction function in _functions)
            {
                sum += function.Accesses;
            }

            return sum;
        }
    }

    /// <summary>Traced: requests that were read so far, and those that were missing.</summary>
    internal (long Requests, long Missing) Traced => _trace is null ? default : (_trace.Requests, _trace.Missing);

    /// <summary>Answers that the backend dropped so far.</summary>
    internal long LateReplies
    {
        get
        {
            long sum = 0;
            foreach (GuestSnapshot guest in Backend.Guests)
            {
                sum += guest.ReadCounters().LateReplies;
            }

            return sum;
        }
    }

    internal long Operations
    {
        get
        {
            long sum = 0;
            foreach (LoadClient client in _clients)
            {
                sum += client.Operations;
            }

            return sum;
        }
    }

    /// <summary>The longest latency of all clients since the last call, in nanoseconds.</summary>
    internal long TakeLongestOfSlice() => Longest(static samples => samples.TakeLongestOfSlice());

    /// <summary>Starts the clients and waits until every guest has found its function.</summary>
    /// <exception cref="LoadFailedException">A guest got no further.</exception>
    /// <exception cref="OperationCanceledException">Cancelled meanwhile.</exception>
    internal void Probe()
    {
        foreach (LoadClient client in _clients)
        {
            client.Start();
        }

        long last = -1;
        long lastChange = Environment.TickCount64;
        Run(LoadPhase.Probe, () =>
        {
            int probed = Probed();
            if (Errors() == 0 && probed == last && Environment.TickCount64 - lastChange > ConnectSeconds * 1000)
            {
                throw new LoadFailedException($"{_options.Guests - probed} of {_options.Guests} guests get no answers while they look for their function");
            }

            if (probed != last)
            {
                last = probed;
                lastChange = Environment.TickCount64;
            }

            // Guests whose every request fails never end their search; a run with errors goes on and reports them.
            return probed == _options.Guests || (Errors() != 0 && Environment.TickCount64 - lastChange > ConnectSeconds * 100);
        });
        _cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Moves all clients into a phase and lets it last.</summary>
    /// <param name="phase">The phase.</param>
    /// <param name="isOver">Asked about every 50 ms; allocates nothing.</param>
    internal void Run(LoadPhase phase, Func<bool> isOver)
    {
        foreach (LoadClient client in _clients)
        {
            client.Enter(phase);
        }

        long start = Stopwatch.GetTimestamp();
        long reported = start;
        long reportedOperations = 0;
        while (!_cancel.IsCancellationRequested && !isOver())
        {
            Thread.Sleep(TickMilliseconds);
            foreach (LoadClient client in _clients)
            {
                client.Tick();
            }

            long now = Stopwatch.GetTimestamp();
            if (Progress is not null && now - reported >= Stopwatch.Frequency)
            {
                long operations = Operations;
                double rate = (operations - reportedOperations) / ((now - reported) / (double)Stopwatch.Frequency);
                Progress(new LoadProgress(
                    phase, Seconds(start, now), Probed(), operations, rate, Longest(static samples => samples.TakeLongest()), Errors()));
                reported = now;
                reportedOperations = operations;
            }
        }
    }

    /// <summary>Lets the clients finish what is under way, and waits for them.</summary>
    internal void Drain()
    {
        foreach (LoadClient client in _clients)
        {
            client.Enter(LoadPhase.Drain);
        }

        while (_clients.Exists(client => !client.HasEnded))
        {
            Thread.Sleep(1);
            _clients.ForEach(client => client.Tick());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_clients.Count != 0)
        {
            foreach (LoadClient client in _clients)
            {
                client.Enter(LoadPhase.Done);
            }

            Drain();
        }

        _trace?.Dispose();
        Hiccups?.Dispose();

        // The backend goes first: it must not take the guests' end for a thousand closings.
        Backend.Dispose();
        _guests.ForEach(guest => guest.Dispose());
        _channels.ForEach(channels => channels.Dispose());
        _sets.ForEach(set => set.Dispose());
        _toolstack.Dispose();
        _exclusive.Dispose();
        TemplateFunction.Close(_sources);
    }

    private static double Seconds(long from, long to) => (to - from) / (double)Stopwatch.Frequency;

    private int Probed()
    {
        int sum = 0;
        foreach (LoadClient client in _clients)
        {
            sum += client.Probed;
        }

        return sum;
    }

    private long Errors()
    {
        long sum = 0;
        foreach (LoadClient client in _clients)
        {
            sum += client.Errors;
        }

        return sum;
    }

    private long Longest(Func<SampleRecorder, long> take)
    {
        long longest = 0;
        foreach (LoadClient client in _clients)
        {
            longest = Math.Max(longest, take(client.Samples));
        }

        return longest;
    }
}

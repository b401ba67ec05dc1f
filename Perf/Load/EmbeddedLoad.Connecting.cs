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

/// <summary>This part: its guests connect.</summary>
internal sealed partial class EmbeddedLoad
{
    private void Connect(LoopbackHost loopback)
    {
        int threads = _options.ClientThreads != 0 ? _options.ClientThreads : Math.Max(1, Environment.ProcessorCount - Backend.Engine.ShardCount);
        threads = Math.Min(threads, _options.Guests);
        for (int thread = 0; thread < threads; thread++)
        {
            _sets.Add(new LoopbackEventSet((_options.Guests + threads - 1) / threads));
        }

        // Neighbours go to different threads, so that a source's functions are spread over all of them.
        for (int i = 0; i < _options.Guests; i++)
        {
            _cancel.ThrowIfCancellationRequested();
            int domain = i + 1;
            _toolstack.CreateGuest(domain, _functions[i].Address);
            if (_options.NeedsMessages)
            {
                _toolstack.Assign(domain, _functions[i].Address);
            }

            LoopbackHypervisor view = loopback.ViewOf(domain);
            IEventChannels channels = _sets[i % threads].Open(view);
            _channels.Add(channels);
            var guest = new SimulatedGuest(view, channels, _options.Frontend, _options.Timing);
            _guests.Add(guest);
            guest.Publish();
        }

        long start = Stopwatch.GetTimestamp();
        long reported = start;
        for (int i = 0; i < _guests.Count; i++)
        {
            _cancel.ThrowIfCancellationRequested();
            double left = ConnectSeconds - Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (!_guests[i].TryConnect(TimeSpan.FromSeconds(Math.Max(0, left))))
            {
                string reason = _guests[i].BackendError()
                    ?? $"the backend was in state {_toolstack.BackendState(_guests[i].DomainId)} after {ConnectSeconds} s";
                throw new LoadFailedException($"guest {_guests[i].DomainId} did not connect: {reason}");
            }

            if (_guests[i].Functions.Count == 0)
            {
                string reason = _toolstack.DeviceError(_guests[i].DomainId) ?? _guests[i].BackendError() ?? "the backend refused it without a reason";
                throw new LoadFailedException($"guest {_guests[i].DomainId} got no function: {reason}");
            }

            if (Progress is not null && Stopwatch.GetElapsedTime(reported).TotalSeconds >= 1)
            {
                reported = Stopwatch.GetTimestamp();
                Progress(new LoadProgress(LoadPhase.Connect, Seconds(start, reported), i + 1, 0, 0, 0, 0));
            }
        }

        CreateClients(threads, loopback);
    }

    private void CreateClients(int threads, LoopbackHost loopback)
    {
        Dictionary<int, GuestSnapshot> snapshots = AwaitAttached();
        BootStorms? storms = _options.Mix == LoadMix.Boot ? new BootStorms(_options.Guests, [.. _sets]) : null;
        double interval = _options.Rate > 0 ? _options.Guests / _options.Rate * Stopwatch.Frequency : 0;
        for (int thread = 0; thread < threads; thread++)
        {
            var guests = new List<LoadGuest>();
            var channels = new List<IEventChannels>();
            for (int i = thread; i < _options.Guests; i += threads)
            {
                ExpectedAnswers expected = _sources[i % _sources.Count].Expect();
                guests.Add(new LoadGuest(
                    _guests[i], snapshots[_guests[i].DomainId], expected, RoundsOf(i, expected, loopback), _functions[i],
                    Neighbour.IsOne(i) ? _options.Neighbour : null));
                channels.Add(_channels[i]);
            }

            // The threads' plans interleave: together they keep one constant rate.
            double offset = interval * thread / _options.Guests;
            var samples = new SampleRecorder(Hiccups.Stalls, _options.KeepSamples / threads);
            _clients.Add(new LoadClient(
                _sets[thread], [.. channels], [.. guests], samples, _options.Rate > 0 ? Math.Max(1, (long)interval) : 0, (long)offset, storms));
        }
    }

    // A guest connects before the pass of its life cycle that attached it has ended.
    private Dictionary<int, GuestSnapshot> AwaitAttached()
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<GuestSnapshot> snapshots = Backend.Guests;
        while (snapshots.Count(static guest => guest.IsAttached) is var attached && attached < _options.Guests)
        {
            _cancel.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(start).TotalSeconds > ConnectSeconds)
            {
                throw new LoadFailedException($"the backend serves {attached} of {_options.Guests} guests after {ConnectSeconds} s");
            }

            Thread.Sleep(1);
            snapshots = Backend.Guests;
        }

        return snapshots.ToDictionary(static guest => guest.DomainId);
    }

    private IGuestRounds RoundsOf(int guest, ExpectedAnswers expected, LoopbackHost loopback)
    {
        TemplateFunction source = _sources[guest % _sources.Count];
        uint devfn = _guests[guest].Functions[0].Guest.Devfn;
        InterruptRounds Messages(bool enablesMemory) => new(source.Image, _guests[guest], loopback, _functions[guest].Address, enablesMemory);
        ScriptRounds Script(AccessStep[] script) => new(script, expected, devfn);
        return _options.Mix switch
        {
            LoadMix.Replay => new RecordedRounds(source.Recorded!, devfn),
            LoadMix.Interrupts => Messages(enablesMemory: true),
            LoadMix.Boot => new BootRounds(Script(source.Script), Messages(enablesMemory: false), Script(AccessScript.End(source.Image, _options.Frontend))),
            _ => Script(source.Script),
        };
    }
}

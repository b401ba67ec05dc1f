using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// Makes one error of what the kernel's events, its trace, its counters and the registers say. It waits for nothing and starts nothing. Used by one thread, but
/// for what says so.
/// </summary>
/// <param name="bus">The host's bus.</param>
/// <param name="followed">The functions whose counters are looked at.</param>
/// <param name="patience">How many milliseconds the kernel's last word is waited for.</param>
internal sealed class ErrorCollector(
    SysfsBus bus, Func<IReadOnlyList<PciAddress>> followed, int patience = PendingErrors.LongestMilliseconds)
{
    private readonly ErrorCounters _counters = new(bus);
    private readonly ErrorHazards _hazards = new(bus);
    private readonly Dictionary<PciAddress, PendingErrors> _pending = [];
    private readonly Queue<DeviceError> _corrected = new();

    /// <summary>When something is due; <see cref="long.MaxValue"/> when nothing is.</summary>
    public long DueAt => _corrected.Count > 0 ? 0 : _pending.Count == 0 ? long.MaxValue : _pending.Values.Min(static pending => pending.DueAt);

    /// <summary>Looks at the counters of the followed functions and of the ports above them.</summary>
    public void LookAtCounters(long now)
    {
        HashSet<PciAddress> looked = [];
        foreach (PciAddress device in followed())
        {
            IReadOnlyList<PciAddress> bridges = bus.BridgesAbove(device);
            foreach (PciAddress one in bridges.Count == 0 ? [device] : new[] { device, bridges[^1] })
            {
                if (!looked.Add(one))
                {
                    continue;
                }

                foreach (ErrorObservation added in _counters.Look(one))
                {
                    Take(added, now);
                }
            }
        }
    }

    /// <summary>Something was said by the kernel's events or its trace.</summary>
    public void Observe(ErrorObservation seen, long now)
    {
        // The trace says it too, for each one; the counters say it in any case, also when so many come that the trace has lost some.
        if (seen.Severity != ErrorSeverity.Correctable || !_counters.Counts(seen.Device))
        {
            Take(seen, now);
        }
    }

    /// <summary>What is due now.</summary>
    public IReadOnlyList<DeviceError> TakeDue(long now)
    {
        List<DeviceError> due = [];
        while (_corrected.TryDequeue(out DeviceError? corrected))
        {
            due.Add(corrected);
        }

        if (_pending.Values.Any(pending => pending.DueAt <= now))
        {
            // The kernel counts an error before it says its last word of it. What is counted and not looked at until the error has been told is taken for the
            // next one, and a device is reset once more under its guest.
            LookAtCounters(now);
        }

        foreach ((PciAddress port, PendingErrors pending) in _pending.Where(pending => pending.Value.DueAt <= now).ToArray())
        {
            _pending.Remove(port);

            // Its own registers say it again, and alone where neither trace nor counters could be read.
            using (SysfsFunction? function = bus.TryOpenToRead(pending.Device))
            {
                if (function is not null && ErrorStatus.Read(function) is { } recorded && (!pending.HasSeverity || pending.Device != port))
                {
                    pending.Add(recorded, now);
                }
            }

            due.Add(pending.Merge(Below(port)));
        }

        return due;
    }

    /// <summary>
    /// Everything, due or not: nobody will ask again. No register is looked at, because the kernel may hold that up for seconds; what nobody has said how bad
    /// it is, is taken for the worst.
    /// </summary>
    public IReadOnlyList<DeviceError> TakeAll(long now)
    {
        if (_pending.Count > 0)
        {
            LookAtCounters(now);
        }

        DeviceError[] all = [.. _corrected, .. _pending.Select(one => one.Value.Merge(Below(one.Key)))];
        _corrected.Clear();
        _pending.Clear();
        return all;
    }

    /// <summary>Clears what a function has recorded, where the host's kernel owns the registers. Any thread.</summary>
    public void Clear(PciAddress device)
    {
        if (!_hazards.IsNative(device))
        {
            return;
        }

        try
        {
            using SysfsFunction function = bus.Open(device);
            ErrorStatus.Clear(function);
        }
        catch (IOException)
        {
            // It is gone, and its status with it.
        }
    }

    /// <summary>What is to be reckoned with on this host. Any thread.</summary>
    public IEnumerable<string> Hazards() => _hazards.Of([.. followed()]).Select(static hazard => hazard.Text);

    private void Take(ErrorObservation seen, long now)
    {
        if (seen.Severity == ErrorSeverity.Correctable)
        {
            _corrected.Enqueue(new(seen.Device, ErrorSeverity.Correctable) { Bits = seen.Bits, Header = seen.Header, Count = Math.Max(1, seen.Count) });
            return;
        }

        PciAddress port = PortOf(seen.Device);
        if (!_pending.TryGetValue(port, out PendingErrors? pending))
        {
            _pending.Add(port, pending = new(port, now + patience));
        }

        pending.Add(seen, now);
    }

    // A bridge that reports is the port of those below.
    private PciAddress PortOf(PciAddress device)
    {
        if (Below(device).Length > 0)
        {
            return device;
        }

        IReadOnlyList<PciAddress> bridges = bus.BridgesAbove(device);
        return bridges.Count == 0 ? device : bridges[^1];
    }

    private PciAddress[] Below(PciAddress port) =>
        [.. PciDevices.Addresses(bus.DevicesRoot).Where(device => device != port && bus.BridgesAbove(device).Contains(port))];
}

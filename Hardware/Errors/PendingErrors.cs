using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// What is said about one link's uncorrected errors, from the first word until the kernel has finished with it: all of it is one error. Used by one thread.
/// </summary>
/// <param name="port">The port above.</param>
/// <param name="latest">When it is told at the latest, in milliseconds.</param>
internal sealed class PendingErrors(PciAddress port, long latest)
{
    /// <summary>How long after the kernel's last word others may follow: the trace and the counters are read by turns.</summary>
    public const int SettleMilliseconds = 100;

    /// <summary>
    /// The same after a fatal error: what is said of one function need not be the end of the kernel's walk, and the link may be reset behind it. By then that
    /// has begun, and holds up whoever accesses a function until it has ended.
    /// </summary>
    public const int FatalSettleMilliseconds = 1000;

    /// <summary>How long the kernel's last word is waited for. A link's reset takes a second, and one that does not come back another.</summary>
    public const int LongestMilliseconds = 5000;

    private readonly List<ErrorObservation> _seen = [];
    private long? _lastWord;

    /// <summary>When it is to be told.</summary>
    public long DueAt => _lastWord is { } at ? Math.Min(latest, at + (MayBeFatal ? FatalSettleMilliseconds : SettleMilliseconds)) : latest;

    /// <summary>The function that is meant: the one that said so itself, else the one that the kernel's recovery failed at.</summary>
    public PciAddress Device =>
        (_seen.Find(seen => seen.Device != port && seen.Severity is not null) ?? _seen.Find(seen => seen.Device != port))?.Device ?? port;

    /// <summary>Whether somebody said how bad it is.</summary>
    public bool HasSeverity => _seen.Exists(static seen => seen.Severity is not null);

    /// <summary>One word more.</summary>
    public void Add(ErrorObservation seen, long now)
    {
        _seen.Add(seen);
        if (seen.Kernel is KernelRecovery.Failed or KernelRecovery.Succeeded)
        {
            _lastWord = now;
        }
    }

    /// <summary>All of it together. What nobody has said how bad it is, is taken for the worst: then the link may have been reset.</summary>
    /// <param name="sameLink">All functions below the port.</param>
    public DeviceError Merge(IReadOnlyList<PciAddress> sameLink)
    {
        PciAddress device = Device;
        if (device == port && sameLink.Count > 0)
        {
            device = sameLink[0];
        }

        return new(device, _seen.Max(static seen => seen.Severity) ?? ErrorSeverity.Fatal)
        {
            Bits = [.. _seen.SelectMany(static seen => seen.Bits).Distinct()],
            Header = _seen.Find(static seen => seen.Header is { IsEmpty: false })?.Header,
            Kernel = _seen.FindLast(static seen => seen.Kernel != KernelRecovery.Unknown)?.Kernel ?? KernelRecovery.Unknown,
            IsOfThePort = HasSeverity && _seen.TrueForAll(seen => seen.Device == port || seen.Severity is null),
            SameLink = sameLink,
            Count = Math.Max(1, Math.Max(CountOf(ofPort: false), CountOf(ofPort: true))),
        };
    }

    private bool MayBeFatal => (_seen.Max(static seen => seen.Severity) ?? ErrorSeverity.Fatal) == ErrorSeverity.Fatal;

    // Each way counts the same errors; the port often counts its functions' once more.
    private long CountOf(bool ofPort) => _seen.Where(seen => seen.Device == port == ofPort).Select(static seen => seen.Count).DefaultIfEmpty().Max();
}

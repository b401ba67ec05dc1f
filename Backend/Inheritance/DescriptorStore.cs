using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>
/// The service manager's descriptor store (systemd.service(5), <c>FileDescriptorStoreMax=</c>): it has each shard's event-channel descriptor as well, so the
/// guests'
/// ports stay bound when this process is killed, and the next one gets the descriptors at its start. What it does not take costs nothing but that. Thread-safe.
/// </summary>
public sealed partial class DescriptorStore
{
    /// <summary>What the names of all descriptors in the store begin with.</summary>
    public const string Prefix = "events-";

    private readonly Lock _lock = new();
    private readonly NotifySocket? _manager;
    private readonly List<PassedDescriptor> _passed;
    private readonly ILogger _logger;

    // Of which shards the manager has descriptors, as far as is known here.
    private readonly HashSet<int> _stored = [];

    // Something was passed that is not as this program leaves it: the manager may have more of that kind.
    private bool _mayBeStale;
    private bool _hasFailed;

    /// <summary>Begins with what the manager passed.</summary>
    /// <param name="manager">Whom to ask for keeping descriptors; null: nobody.</param>
    /// <param name="passed">What this process was started with; owned from now on.</param>
    /// <param name="logger">Where it is said what cannot be used.</param>
    public DescriptorStore(NotifySocket? manager, IReadOnlyList<PassedDescriptor> passed, ILogger logger)
    {
        _manager = manager;
        _passed = [.. passed];
        _logger = logger;
    }

    /// <summary>Whether descriptors are kept at all.</summary>
    public bool Keeps => _manager is not null;

    /// <summary>What a shard's descriptor is called in the store.</summary>
    /// <param name="shard">The shard, from 0.</param>
    public static string NameOf(int shard) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{shard}");

    /// <summary>Takes what an earlier daemon left for a shard.</summary>
    /// <param name="shard">The shard.</param>
    /// <returns>The caller's from now on; null when there is none, or more than one of that name. The store keeps its own.</returns>
    public SafeFileHandle? Take(int shard)
    {
        lock (_lock)
        {
            string name = NameOf(shard);
            if (_passed.FindAll(one => one.Name == name) is not [var left])
            {
                return null;
            }

            _passed.Remove(left);
            _stored.Add(shard);
            return left.Handle;
        }
    }

    /// <summary>What was taken for a shard cannot be used: nobody gets it again.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="problem">Why.</param>
    public void Refuse(int shard, string problem)
    {
        LogUnusable(_logger, NameOf(shard), problem);
        Drop(shard);
    }

    /// <summary>Takes what else was passed, which is for none of the shards that there are: nobody gets it again.</summary>
    /// <returns>The caller's from now on.</returns>
    public IReadOnlyList<SafeFileHandle> TakeRest()
    {
        lock (_lock)
        {
            PassedDescriptor[] rest = [.. _passed];
            _passed.Clear();
            if (rest.Length > 0)
            {
                _mayBeStale = true;
                string names = string.Join(", ", rest.Select(static one => IsName(one.Name) ? one.Name : "without a name").Distinct());
                LogNotNeeded(_logger, rest.Length, names);
            }

            foreach (string name in rest.Select(static one => one.Name).Where(IsName).Distinct())
            {
                Tell($"FDSTOREREMOVE=1\nFDNAME={name}");
            }

            return [.. rest.Select(static one => one.Handle)];
        }
    }

    /// <summary>Has a shard's descriptor kept for the next daemon.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="descriptor">Its descriptor.</param>
    public void Keep(int shard, SafeHandle descriptor)
    {
        lock (_lock)
        {
            if (_stored.Contains(shard))
            {
                return;
            }

            if (_mayBeStale)
            {
                Tell($"FDSTOREREMOVE=1\nFDNAME={NameOf(shard)}");
            }

            // FDPOLL=0: the device reports an error for as long as its queue overflows, and the manager would let go of it.
            if (Tell($"FDSTORE=1\nFDNAME={NameOf(shard)}\nFDPOLL=0", descriptor))
            {
                _stored.Add(shard);
            }
        }
    }

    /// <summary>A shard's descriptor is not needed by anybody any more.</summary>
    /// <param name="shard">The shard.</param>
    public void Drop(int shard)
    {
        lock (_lock)
        {
            if (_stored.Remove(shard))
            {
                Tell($"FDSTOREREMOVE=1\nFDNAME={NameOf(shard)}");
            }
        }
    }

    // As systemd takes names (sd_notify(3)); a colon cannot be in one that was passed.
    private static bool IsName(string name) => name.Length is > 0 and <= 255 && name.All(static one => one is >= ' ' and < '\x7F' and not ':');

    private bool Tell(string state, SafeHandle? descriptor = null)
    {
        try
        {
            _manager?.Tell(state, descriptor);
            return _manager is not null;
        }
        catch (IOException e)
        {
            if (!_hasFailed)
            {
                LogNotTold(_logger, e.Message);
            }

            _hasFailed = true;
            return false;
        }
    }

    [LoggerMessage(EventId = 33, Level = LogLevel.Warning,
        Message = "{Name}, which the service manager kept for this daemon, cannot be used, and guests' event channels are bound anew: {Problem}")]
    private static partial void LogUnusable(ILogger logger, string name, string problem);

    [LoggerMessage(EventId = 34, Level = LogLevel.Information,
        Message = "{Count} descriptors that the service manager passed are for no shard of this daemon, and are closed: {Names}")]
    private static partial void LogNotNeeded(ILogger logger, int count, string names);

    [LoggerMessage(EventId = 35, Level = LogLevel.Warning,
        Message = "the service manager does not keep event-channel descriptors for the next daemon: {Reason}")]
    private static partial void LogNotTold(ILogger logger, string reason);
}

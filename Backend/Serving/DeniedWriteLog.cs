using System.Globalization;
using PciBackFlow.Backend.Running;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// Says what guests were denied: <c>write 0x0400 to 04:00.0 PCIe Device Control denied by default policy</c>, once for each guest,
/// function and register. A thread of its own sleeps until a guest's first denied write to some register wakes it, and
/// then takes from all guests; between two looks it pauses, so that guests together cause a few wake-ups a second at most, and an idle process none.
/// </summary>
internal sealed class DeniedWriteLog : IDeniedWriteListener, IDisposable
{
    // Several registers in a row are usual (a driver's start): one look for all of them.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly DistinctWarnings _warnings;
    private readonly HashSet<GuestConnection> _connections = [];
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly Thread _thread;
    private int _isPending;
    private bool _isDisposed;

    /// <summary>Starts the thread.</summary>
    /// <param name="warnings">Where the lines go.</param>
    public DeniedWriteLog(DistinctWarnings warnings)
    {
        _warnings = warnings;
        _thread = new(Run) { IsBackground = true, Name = "denied writes" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Noted()
    {
        // On a shard, in the midst of a request: one system call at most between two looks, whatever guests do, and no reader whose continuation could
        // start a thread. Pairs with the exchange in Run.
        if (Interlocked.Exchange(ref _isPending, 1) == 0)
        {
            _wake.Set();
        }
    }

    /// <summary>Listens to a guest. Before it is served.</summary>
    public void Add(GuestConnection connection)
    {
        lock (_lock)
        {
            _connections.Add(connection);
        }
    }

    /// <summary>Says what a guest still has to be said and forgets it. After it was served.</summary>
    public void Remove(GuestConnection connection)
    {
        lock (_lock)
        {
            if (_connections.Remove(connection))
            {
                Say(connection);
            }
        }
    }

    /// <summary>Ends the thread. Nobody is served any more.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
        _wake.Dispose();
    }

    /// <summary>The register's name, what was written to it, and who denies it.</summary>
    internal static string Describe(in DeniedWrite write, RegisterRow row) => string.Create(
        CultureInfo.InvariantCulture, $"write 0x{Hex(write.Value, write.Size)} to {Place(write, row)} denied {Decider(write.Function, row)}");

    private static string Place(in DeniedWrite write, RegisterRow row)
    {
        PciAddress host = write.Function.Hardware.Address;
        string text = host.ToString();
        // As lspci prints it: most hosts have one domain. Space that no register claims is told apart by dwords.
        string address = host.Domain == 0 ? text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..] : text;
        return row.Size > 4
            ? string.Create(CultureInfo.InvariantCulture, $"{address} {row.Name} at 0x{write.Offset & ~3:x2}")
            : $"{address} {row.Name}";
    }

    private static string Decider(AssignedFunction function, RegisterRow row)
    {
        if (IsByEveryPolicy(function, row))
        {
            return "in every policy";
        }

        PolicyProfile profile = function.Policy.Profile.Value;

        // A permissive profile denies nothing of its own.
        return profile == PolicyProfile.Permissive ? "by a rule of its policy" : $"by {AccessPolicy.NameOf(profile)} policy";
    }

    private static bool IsByEveryPolicy(AssignedFunction function, RegisterRow row) =>
        row.Rule != WriteRule.ByPolicy || (row.Allowable == 0 && function.Policy.Profile.Value == PolicyProfile.Permissive);

    private static string Hex(uint value, int size) => value.ToString("x" + (2 * size).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private void Run()
    {
        WaitHandle[] handles = [_stop, _wake];
        while (WaitHandle.WaitAny(handles) != 0)
        {
            // Cleared before the look: what is noted later wakes again. Pairs with Noted.
            Interlocked.Exchange(ref _isPending, 0);
            lock (_lock)
            {
                foreach (GuestConnection connection in _connections)
                {
                    Say(connection);
                }
            }

            if (_stop.WaitOne(Pause))
            {
                return;
            }
        }
    }

    private void Say(GuestConnection connection)
    {
        while (connection.DeniedWrites.TryTake(out DeniedWrite write))
        {
            foreach (RegisterRow row in write.Function.Map.RowsAt(write.Offset, write.Size))
            {
                if (!Denies(write, row))
                {
                    continue;
                }

                // What a policy could allow is a person's to decide. What none can is normal: Linux clears MSI-X Message Control itself, for one.
                if (IsByEveryPolicy(write.Function, row))
                {
                    _warnings.Inform(connection.DomainId, $"denied {Place(write, row)}", Describe(write, row));
                }
                else
                {
                    _warnings.Warn(connection.DomainId, $"denied {Place(write, row)}", Describe(write, row));
                }
            }
        }
    }

    private static bool Denies(in DeniedWrite write, RegisterRow row)
    {
        for (int i = 0; i < write.Size; i++)
        {
            int at = write.Offset + i;
            if (at >= row.Offset && at < row.Offset + row.Size && ((write.DeniedBits >> (8 * i)) & 0xFF) != 0)
            {
                return true;
            }
        }

        return false;
    }
}

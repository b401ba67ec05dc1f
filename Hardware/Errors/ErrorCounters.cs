using System.Globalization;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// The kernel's counters of functions' errors (Linux Documentation/ABI/testing/sysfs-bus-pci-devices-aer), and what was added since they were looked at last. A
/// fatal error of a function is often counted at its port alone. Used by one thread.
/// </summary>
/// <param name="bus">The host's bus.</param>
internal sealed class ErrorCounters(SysfsBus bus)
{
    private static readonly (string File, ErrorSeverity Severity)[] Files =
    [
        ("aer_dev_correctable", ErrorSeverity.Correctable),
        ("aer_dev_nonfatal", ErrorSeverity.NonFatal),
        ("aer_dev_fatal", ErrorSeverity.Fatal),
    ];

    private readonly Dictionary<(PciAddress Device, string File), Dictionary<string, long>> _seen = [];

    /// <summary>Whether a function's corrected errors are counted by the kernel.</summary>
    public bool Counts(PciAddress device) => _seen.ContainsKey((device, Files[0].File));

    /// <summary>Looks at one function. The first look only remembers.</summary>
    /// <param name="device">The function, or a port.</param>
    /// <returns>What was added, one for each severity at most.</returns>
    public IReadOnlyList<ErrorObservation> Look(PciAddress device)
    {
        List<ErrorObservation> added = [];
        foreach ((string file, ErrorSeverity severity) in Files)
        {
            if (bus.Read(device, file) is not { } text)
            {
                _seen.Remove((device, file));
                continue;
            }

            Dictionary<string, long> now = Parse(text);
            if (_seen.TryGetValue((device, file), out Dictionary<string, long>? before))
            {
                List<string> bits = [];
                long errors = 0;
                long totals = 0;
                foreach ((string name, long value) in now)
                {
                    // A device that was plugged in anew begins at 0 again.
                    long more = value - before.GetValueOrDefault(name);
                    if (more > 0 && IsTotal(name))
                    {
                        totals += more;
                    }
                    else if (more > 0)
                    {
                        bits.Add(name);
                        errors += more;
                    }
                }

                if (errors > 0 || totals > 0)
                {
                    // One error may have several bits, each of which is counted.
                    added.Add(new(device, severity) { Bits = bits, Count = totals > 0 ? totals : errors });
                }
            }

            _seen[(device, file)] = now;
        }

        return added;
    }

    /// <summary>The lines <c>NAME COUNT</c>; the last is the total.</summary>
    internal static Dictionary<string, long> Parse(string text)
    {
        Dictionary<string, long> counts = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 2 && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
            {
                counts[fields[0]] = count;
            }
        }

        return counts;
    }

    private static bool IsTotal(string name) => name.StartsWith("TOTAL_", StringComparison.Ordinal);
}

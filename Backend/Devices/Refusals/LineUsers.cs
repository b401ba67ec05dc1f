using System.Globalization;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// Who listens on the host's interrupt lines (<c>/proc/interrupts</c>). A line that a guest and the host share can be held asserted by either, and nobody but
/// the other's driver could quiet it (Xen's SUPPORT.md excludes shared lines from security support).
/// </summary>
internal sealed class LineUsers
{
    private readonly Dictionary<int, string[]> _handlers = [];

    /// <summary>Reads the file.</summary>
    /// <param name="proc">Where procfs is mounted.</param>
    /// <returns>The users; none where the file is absent.</returns>
    public static LineUsers Read(string proc)
    {
        LineUsers users = new();
        try
        {
            users.Add(File.ReadAllLines(Path.Combine(proc, "interrupts")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without the file the functions' own numbers still tell.
        }

        return users;
    }

    /// <summary>The names of the drivers that listen on a line.</summary>
    /// <param name="line">The line.</param>
    /// <returns>As the kernel prints them; empty for none.</returns>
    public IReadOnlyList<string> Of(int line) => _handlers.GetValueOrDefault(line) ?? [];

    /// <summary>Others on a function's line: functions with the same number, of the host and of guests, and drivers that listen.</summary>
    /// <param name="line">The line; 0 has no others.</param>
    /// <param name="function">The function itself.</param>
    /// <param name="driver">Its driver while that is bound: one handler is then its own.</param>
    /// <param name="host">The host's functions.</param>
    /// <param name="holderOf">Who has a function that is no longer the host's, as the end of a phrase; null for one that is.</param>
    /// <returns>Phrases for people; empty when the line is its own.</returns>
    public IEnumerable<string> Others(int line, PciAddress function, string? driver, IEnumerable<HostFunction> host, Func<PciAddress, string?> holderOf)
    {
        if (line == 0)
        {
            yield break;
        }

        bool isNamed = false;
        foreach (HostFunction other in host)
        {
            if (other.Address == function || other.Irq != line)
            {
                continue;
            }

            // One guest can hold another's line asserted just as it can the host's.
            if (holderOf(other.Address) is { } holder)
            {
                yield return $"interrupt line {line} is shared with {other.Address}, {holder}";
            }
            else if (other.Driver is not null)
            {
                isNamed = true;
                yield return $"interrupt line {line} is shared with {other.Address} ({other.Driver})";
            }
        }

        IReadOnlyList<string> handlers = Of(line);
        if (!isNamed && handlers.Count > (driver is null ? 0 : 1))
        {
            yield return $"interrupt line {line} is shared with {string.Join(", ", handlers)}";
        }
    }

    // "  16:   12   0   IO-APIC   16-fasteoi   ehci_hcd:usb1, eth0": a count for each processor that the first line names, the chip, how it is
    // wired, and the handlers. Xen's chip: "xen-pirq   -ioapic-level  ehci_hcd:usb1".
    private void Add(string[] lines)
    {
        if (lines.Length == 0)
        {
            return;
        }

        int processors = Words(lines[0]).Length;
        foreach (string text in lines.AsSpan(1))
        {
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !int.TryParse(text.AsSpan(0, colon).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int line))
            {
                continue;
            }

            string[] words = Words(text[(colon + 1)..]);
            int wired = processors + 1;
            if (words.Length <= wired)
            {
                continue;
            }

            int first = wired + (words[wired].Contains('-', StringComparison.Ordinal) ? 1 : 2);
            string handlers = string.Join(' ', words.AsSpan(Math.Min(first, words.Length))!);
            if (handlers.Length > 0)
            {
                _handlers[line] = handlers.Split(", ");
            }
        }
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}

using System.Globalization;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// Who listens on the host's interrupt lines (<c>/proc/interrupts</c>).
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

    /// <summary>
    /// Who of the host listens on a function's line, or may at any time: functions of the same number whose driver uses no messages, and drivers that listen.
    /// </summary>
    /// <param name="line">The line; 0 has no others.</param>
    /// <param name="function">The function itself; of its own driver one handler is not another's.</param>
    /// <param name="host">The host's functions.</param>
    /// <param name="bus">Where they are.</param>
    /// <returns>Phrases for people; empty when the line is its own.</returns>
    public IEnumerable<string> Others(int line, HostFunction function, IEnumerable<HostFunction> host, SysfsBus bus)
    {
        if (line == 0)
        {
            yield break;
        }

        bool isNamed = false;
        foreach (HostFunction other in host)
        {
            if (other.Address != function.Address && other.Irq == line && other.Driver is not null && !MessageUse.IsOn(bus, other))
            {
                isNamed = true;
                yield return $"interrupt line {line} is shared with {other.Address} ({other.Driver})";
            }
        }

        IReadOnlyList<string> handlers = Of(line);
        if (!isNamed && handlers.Count > (function.Driver is null || MessageUse.IsOn(bus, function) ? 0 : 1))
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

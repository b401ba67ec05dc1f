using System.Globalization;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// Exactly what was given. The numbers are those of the hypercall, kept so that the same ones are revoked (XSA-476: not what sysfs says
/// later).
/// </summary>
/// <param name="Kind">What.</param>
/// <param name="First">The kind's first number: frame, port or pirq.</param>
/// <param name="Count">The kind's second number: how many, or the GSI.</param>
/// <param name="Text">The kind's text; null for most.</param>
public sealed record Grant(GrantKind Kind, ulong First = 0, ulong Count = 0, string? Text = null)
{
    private const int FrameShift = 12;

    /// <summary>Messages that are mapped.</summary>
    /// <param name="pirqs">The guest's numbers, those to unmap.</param>
    /// <param name="capability">The id of the capability that sends them; <see cref="CapabilityId.Null"/> where none does any more.</param>
    /// <param name="count">How many it sends.</param>
    /// <returns>The grant.</returns>
    public static Grant MessagesOf(ReadOnlySpan<int> pirqs, CapabilityId capability = CapabilityId.Null, int count = 0) =>
        new(
            GrantKind.Messages, (ulong)capability, (ulong)count,
            string.Join(',', pirqs.ToArray().Select(static pirq => pirq.ToString(CultureInfo.InvariantCulture))));

    /// <summary>The pirqs that were mapped: a line's, or those of messages.</summary>
    /// <returns>The guest's numbers, those to unmap; none when they are not known, or for a grant of another kind.</returns>
    public IReadOnlyList<int> Pirqs()
    {
        if (Kind == GrantKind.Pirq && First > 0)
        {
            return [(int)First];
        }

        List<int> pirqs = [];
        if (Kind != GrantKind.Messages)
        {
            return pirqs;
        }

        foreach (string number in (Text ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int pirq))
            {
                pirqs.Add(pirq);
            }
        }

        return pirqs;
    }

    /// <summary>Whether two ranges of frames have one in common.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True when they have.</returns>
    public bool Overlaps(Grant other) => First < other.First + other.Count && other.First < First + Count;

    /// <summary>The frames that an address range touches.</summary>
    /// <param name="start">First address.</param>
    /// <param name="length">Bytes, above 0.</param>
    /// <returns>All frames from the first byte's to the last one's.</returns>
    public static Grant MemoryOf(ulong start, ulong length)
    {
        ulong first = start >> FrameShift;
        return new(GrantKind.Memory, first, ((start + length - 1) >> FrameShift) - first + 1);
    }
}

using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xl;

/// <summary>
/// The addresses that Linux xen-pciback's slot attributes take: <c>[DDDD:]BB:SS.F</c>, <c>[DDDD:]BB:SS.*</c> or <c>[DDDD:]BB:*.*</c>,
/// hexadecimal, white space around (drivers/xen/xen-pciback/pci_stub.c, str_to_slot).
/// </summary>
/// <param name="First">The address, or the first that a wildcard stands for.</param>
/// <param name="AnySlot">Whether all slots and functions of the bus are meant.</param>
/// <param name="AnyFunction">Whether all functions of the slot are meant.</param>
internal readonly record struct PcibackAddress(PciAddress First, bool AnySlot, bool AnyFunction)
{
    private const int Slots = 32;
    private const int Functions = 8;

    /// <summary>Every address meant: 1, 8 or 256 of them.</summary>
    public IEnumerable<PciAddress> All
    {
        get
        {
            for (int slot = AnySlot ? 0 : First.Slot; slot < (AnySlot ? Slots : First.Slot + 1); slot++)
            {
                for (int function = AnyFunction ? 0 : First.Function; function < (AnyFunction ? Functions : First.Function + 1); function++)
                {
                    yield return new(First.Domain, First.Bus, (byte)slot, (byte)function);
                }
            }
        }
    }

    public static bool TryParse(string text, out PcibackAddress address)
    {
        address = default;
        string[] parts = text.Trim().Split(':');
        if (parts.Length is not (2 or 3))
        {
            return false;
        }

        uint domain = 0;
        string[] place = parts[^1].Split('.');
        if ((parts.Length == 3 && !TryHex(parts[0], 0xFFFF, out domain)) || !TryHex(parts[^2], 0xFF, out uint bus) || place.Length != 2)
        {
            return false;
        }

        bool anySlot = place[0] == "*";
        bool anyFunction = place[1] == "*";
        uint slot = 0;
        uint function = 0;
        if ((anySlot && !anyFunction)
            || (!anySlot && !TryHex(place[0], Slots - 1, out slot))
            || (!anyFunction && !TryHex(place[1], Functions - 1, out function)))
        {
            return false;
        }

        address = new(new(domain, (byte)bus, (byte)slot, (byte)function), anySlot, anyFunction);
        return true;
    }

    private static bool TryHex(string text, uint max, out uint value)
    {
        int position = 0;
        return ScannedHex.TryRead(text, ref position, max, out value) && position == text.Length;
    }
}

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Which guest's bus: a domain id and the device id under it. It names a backend's and a frontend's directory.</summary>
/// <param name="DomainId">The guest's domain, 0 to 65,535.</param>
/// <param name="DeviceId">The device id, 0 to 65,535; toolstacks use 0 for all of a guest's functions.</param>
public readonly record struct GuestId(int DomainId, int DeviceId)
{
    private const string Above = "backend/pci/";

    /// <summary>The one bus that toolstacks give a guest.</summary>
    /// <param name="domainId">The guest's domain.</param>
    /// <returns>Its device id is 0.</returns>
    public static GuestId Of(int domainId) => new(domainId, 0);

    /// <summary>Reads the guest out of a path at or below its backend directory.</summary>
    /// <param name="path">A path, absolute or as a relative watch reports it.</param>
    /// <param name="guest">The guest.</param>
    /// <returns>False when the path lies above, or names no guest.</returns>
    public static bool TryParse(string path, out GuestId guest)
    {
        guest = default;
        int at = path.IndexOf(Above, StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        string[] parts = path[(at + Above.Length)..].Split('/', 3);
        if (parts.Length < 2 || !TryParseId(parts[0], out int domain) || !TryParseId(parts[1], out int device))
        {
            return false;
        }

        guest = new(domain, device);
        return true;
    }

    /// <summary>A decimal id of at most 16 bits, without leading zeros: one guest has one spelling.</summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The id.</param>
    /// <returns>Whether it is one.</returns>
    internal static bool TryParseId(string? text, out int id)
    {
        id = 0;
        if (!StoreFormats.TryParseDecimal(text, out uint value) || value > 0xFFFF || (text!.Length > 1 && text[0] == '0'))
        {
            return false;
        }

        id = (int)value;
        return true;
    }
}

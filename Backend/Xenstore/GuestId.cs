using System.Globalization;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Which backend directory: a guest's domain id and the device id under it (toolstacks use 0).</summary>
/// <param name="DomainId">The guest's domain, 0 to 65,535.</param>
/// <param name="DeviceId">The device id, 0 to 65,535.</param>
public readonly record struct GuestId(int DomainId, int DeviceId)
{
    /// <summary>Where all PCI backend directories of this domain lie. Toolstacks hard-code domain 0.</summary>
    public const string Root = "/local/domain/0/backend/pci";

    /// <summary>The backend directory.</summary>
    public string Backend => string.Create(CultureInfo.InvariantCulture, $"{Root}/{DomainId}/{DeviceId}");

    /// <summary>The backend's error node.</summary>
    public string ErrorNode => string.Create(CultureInfo.InvariantCulture, $"/local/domain/0/error/backend/pci/{DomainId}/{DeviceId}/error");

    /// <summary>Reads the guest out of a path at or below its backend directory.</summary>
    /// <param name="path">A path, absolute or as a relative watch reports it.</param>
    /// <param name="guest">The guest.</param>
    /// <returns>False when the path lies above, or names no guest.</returns>
    public static bool TryParse(string path, out GuestId guest)
    {
        guest = default;
        int at = path.IndexOf("backend/pci/", StringComparison.Ordinal);
        if (at < 0)
        {
            return false;
        }

        string[] parts = path[(at + "backend/pci/".Length)..].Split('/', 3);
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

using System.Globalization;
using System.Text;

namespace PciBackFlow.Pci;

/// <summary>
/// Names of vendors, devices and classes from the pci.ids file (https://pci-ids.ucw.cz), where one is installed. The file is read
/// when the first name is asked for, and searched as it is: a few names are wanted, not forty thousand strings.
/// </summary>
public sealed class PciIds
{
    private static readonly string[] Places = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/usr/share/pci.ids"];

    private readonly Lazy<byte[]> _text;

    /// <summary>Names from one file.</summary>
    /// <param name="path">The file; absent or unreadable: no names.</param>
    public PciIds(string path) => _text = new Lazy<byte[]>(() => ReadOrEmpty(path));

    /// <summary>Names from wherever this host keeps the file; none when it has none.</summary>
    public static PciIds Installed { get; } = new(Array.Find(Places, File.Exists) ?? Places[0]);

    /// <summary>A vendor's name.</summary>
    /// <param name="vendor">Vendor id.</param>
    /// <returns>The name, or null.</returns>
    public string? Vendor(ushort vendor) => Find($"{vendor:x4}  ", null);

    /// <summary>A device's name.</summary>
    /// <param name="vendor">Vendor id.</param>
    /// <param name="device">Device id.</param>
    /// <returns>The name, or null.</returns>
    public string? Device(ushort vendor, ushort device) => Find($"{vendor:x4}  ", $"\t{device:x4}  ");

    /// <summary>A class's name: the subclass's, else the base class's.</summary>
    /// <param name="classCode">Base class, subclass and programming interface, 24 bits.</param>
    /// <returns>The name, or null.</returns>
    public string? Class(uint classCode)
    {
        string section = string.Create(CultureInfo.InvariantCulture, $"C {classCode >> 16:x2}  ");
        return Find(section, string.Create(CultureInfo.InvariantCulture, $"\t{(classCode >> 8) & 0xFF:x2}  ")) ?? Find(section, null);
    }

    // Sections begin in the first column, their entries with one tab, entries of those with two.
    private string? Find(string section, string? entry)
    {
        byte[] sectionBytes = Encoding.ASCII.GetBytes(section);
        byte[]? entryBytes = entry is null ? null : Encoding.ASCII.GetBytes(entry);
        Span<byte> rest = _text.Value.AsSpan();
        bool inside = false;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            Span<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            if (line[0] != '\t')
            {
                if (inside)
                {
                    return null;
                }

                inside = line.StartsWith(sectionBytes);
                if (inside && entryBytes is null)
                {
                    return Encoding.UTF8.GetString(line[sectionBytes.Length..]).Trim();
                }
            }
            else if (inside && line.StartsWith(entryBytes))
            {
                return Encoding.UTF8.GetString(line[entryBytes!.Length..]).Trim();
            }
        }

        return null;
    }

    private static byte[] ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

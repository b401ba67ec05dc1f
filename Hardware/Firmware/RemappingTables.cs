using System.Buffers.Binary;

namespace PciBackFlow.Hardware.Firmware;

/// <summary>
/// What firmware says of the IOMMU: Intel's DMAR (VT-d specification 3.3, chapter 8) or AMD's IVRS (AMD I/O Virtualization Technology specification 3.05,
/// chapter 5), as the kernel shows the tables. Xen takes the DMAR from its control domain by another signature, XMAR (acpi_dmar_zap,
/// xen/drivers/passthrough/vtd/dmar.c). What is malformed ends the reading, and what was read so far stands.
/// </summary>
/// <param name="Path">The file that was read; null when there is no table, or it cannot be read.</param>
/// <param name="RemapsInterrupts">Whether the platform says that it can remap interrupts; null where the table does not say.</param>
/// <param name="Regions">The memory it reserves.</param>
/// <param name="Problem">Why a table that is there could not be read; null when it could, or there is none.</param>
public sealed record RemappingTables(string? Path, bool? RemapsInterrupts, IReadOnlyList<ReservedRegion> Regions, string? Problem)
{
    private const string Amds = "IVRS";

    // DMAR: signature to creator (36), host address width (1), flags (1), reserved (10).
    private const int DmarHeader = 48;
    private const int DmarFlags = 37;
    private const int InterruptRemapping = 1;
    private const int ReservedMemory = 1;
    private const int ReservedMemoryHeader = 24;
    private const int Endpoint = 1;
    private const int Hierarchy = 2;
    private const int ScopeHeader = 6;

    // IVRS: signature to creator (36), IVinfo (4), reserved (8).
    private const int IvrsHeader = 48;
    private const int MemoryOfAll = 0x20;
    private const int MemoryOfOne = 0x21;
    private const int MemoryOfRange = 0x22;
    private const int MemoryBlock = 32;

    /// <summary>Whether the table is AMD's; false when there is none.</summary>
    public bool IsAmds => System.IO.Path.GetFileName(Path) == Amds;

    /// <summary>Reads them.</summary>
    /// <param name="sys">Where sysfs is mounted.</param>
    /// <returns>What they say.</returns>
    public static RemappingTables Read(string sys = "/sys")
    {
        foreach (string name in (string[])["DMAR", "XMAR", Amds])
        {
            string path = System.IO.Path.Combine(sys, "firmware/acpi/tables", name);
            if (!File.Exists(path))
            {
                continue;
            }

            try
            {
                byte[] table = File.ReadAllBytes(path);
                return name == Amds
                    ? new(path, null, [.. OfAmd(table)], null)
                    : new(path, table.Length > DmarFlags ? (table[DmarFlags] & InterruptRemapping) != 0 : null, [.. OfIntel(table)], null);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new(path, null, [], e.Message);
            }
        }

        return new(null, null, [], null);
    }

    /// <summary>The regions of a DMAR.</summary>
    internal static IEnumerable<ReservedRegion> OfIntel(byte[] table)
    {
        int length;
        for (int at = DmarHeader; at + 4 <= table.Length; at += length)
        {
            length = Word(table, at + 2);
            if (length < 4 || at + length > table.Length)
            {
                yield break;
            }

            if (Word(table, at) == ReservedMemory && length >= ReservedMemoryHeader)
            {
                int segment = Word(table, at + 6);
                yield return new(Long(table, at + 8), Long(table, at + 16), [.. Scopes(table, at + ReservedMemoryHeader, at + length, segment)]);
            }
        }
    }

    /// <summary>The regions of an IVRS. The segment of a block is in what was reserved before revision 2 of the table.</summary>
    internal static IEnumerable<ReservedRegion> OfAmd(byte[] table)
    {
        int length;
        for (int at = IvrsHeader; at + 4 <= table.Length; at += length)
        {
            length = Word(table, at + 2);
            if (length < 4 || at + length > table.Length)
            {
                yield break;
            }

            if (table[at] is MemoryOfAll or MemoryOfOne or MemoryOfRange && length >= MemoryBlock)
            {
                (int first, int last) = (Word(table, at + 4), table[at] == MemoryOfRange ? Word(table, at + 6) : Word(table, at + 4));
                ulong start = Long(table, at + 16);
                ulong size = Long(table, at + 24);
                if (size > 0 && size - 1 <= ulong.MaxValue - start)
                {
                    yield return new(start, start + size - 1, table[at] == MemoryOfAll ? [] : [.. Range(Word(table, at + 8), first, last)]);
                }
            }
        }
    }

    private static IEnumerable<ReservedScope> Scopes(byte[] table, int at, int end, int segment)
    {
        int length;
        for (; at + ScopeHeader <= end; at += length)
        {
            length = table[at + 1];
            if (length < ScopeHeader || at + length > end)
            {
                yield break;
            }

            if (table[at] is Endpoint or Hierarchy)
            {
                List<(int Slot, int Function)> steps = [];
                for (int step = at + ScopeHeader; step + 2 <= at + length; step += 2)
                {
                    steps.Add((table[step], table[step + 1]));
                }

                yield return new(segment, table[at + 5], steps, table[at] == Hierarchy);
            }
        }
    }

    // Requester ids: bus, slot, function. A range over the whole segment is 65,536 of them at most.
    private static IEnumerable<ReservedScope> Range(int segment, int first, int last)
    {
        for (int id = first; id <= last; id++)
        {
            yield return new(segment, id >> 8, [((id >> 3) & 0x1F, id & 7)], IsHierarchy: false);
        }
    }

    private static int Word(byte[] table, int at) => BinaryPrimitives.ReadUInt16LittleEndian(table.AsSpan(at));

    private static ulong Long(byte[] table, int at) => BinaryPrimitives.ReadUInt64LittleEndian(table.AsSpan(at));
}

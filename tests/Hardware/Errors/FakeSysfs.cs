using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Hardware.Tests.Errors;

/// <summary>The files of sysfs that speak of errors: a root port with a card of two functions, and one with another card.</summary>
internal sealed class FakeSysfs : IDisposable
{
    public static readonly PciAddress Port = new(0, 0, 0xA, 0);
    public static readonly PciAddress Card = new(0, 1, 0, 0);
    public static readonly PciAddress CardToo = new(0, 1, 0, 1);
    public static readonly PciAddress OtherPort = new(0, 0, 0xB, 0);
    public static readonly PciAddress Other = new(0, 2, 0, 0);

    // A capture's registers with AER at 0x100 and PCI Express at 0x40.
    private static readonly byte[] Config = MakeConfig();

    public FakeSysfs()
    {
        Root = Directory.CreateTempSubdirectory("pcibackflow-errors-").FullName;
        Directory.CreateDirectory(At("bus/pci/devices"));
        Add(Port, null);
        Add(Card, Port);
        Add(CardToo, Port);
        Add(OtherPort, null);
        Add(Other, OtherPort);
        SetNative(Port);
        SetNative(OtherPort);
        Bus = new(Root);
    }

    public string Root { get; }

    public SysfsBus Bus { get; }

    /// <summary>The lines of one of the kernel's counters.</summary>
    public static string Counters(string total, params (string Name, int Count)[] counts) =>
        string.Concat(counts.Select(static one => $"{one.Name} {one.Count}\n")) + $"{total} {counts.Sum(static one => one.Count)}\n";

    public void Write(PciAddress device, string file, string text) => File.WriteAllText(Path.Combine(At("bus/pci/devices"), device.ToString(), file), text);

    public uint ReadRegister(PciAddress device, int offset)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(At("bus/pci/devices"), device.ToString(), "config"));
        return BitConverter.ToUInt32(bytes, offset);
    }

    public void WriteRegister(PciAddress device, int offset, uint value)
    {
        string file = Path.Combine(At("bus/pci/devices"), device.ToString(), "config");
        byte[] bytes = File.ReadAllBytes(file);
        BitConverter.TryWriteBytes(bytes.AsSpan(offset), value);
        File.WriteAllBytes(file, bytes);
    }

    public void SetNative(PciAddress port) => Directory.CreateDirectory(At($"bus/pci_express/drivers/aer/{port}:pcie002"));

    public void SetFirmwareFirst(PciAddress port) => Directory.Delete(At($"bus/pci_express/drivers/aer/{port}:pcie002"));

    public string At(string path) => Path.Combine(Root, path);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private void Add(PciAddress device, PciAddress? port)
    {
        string parent = At(port is { } above ? $"devices/pci0000:00/{above}" : "devices/pci0000:00");
        string directory = Path.Combine(parent, device.ToString());
        Directory.CreateDirectory(directory);
        Directory.CreateSymbolicLink(At($"bus/pci/devices/{device}"), directory);
        File.WriteAllBytes(Path.Combine(directory, "config"), Config);
        File.WriteAllText(Path.Combine(directory, "vendor"), "0x8086");
        File.WriteAllText(Path.Combine(directory, "device"), "0x10d3");
        File.WriteAllText(Path.Combine(directory, "class"), "0x020000");
        Write(device, "aer_dev_correctable", Counters("TOTAL_ERR_COR", ("RxErr", 0), ("BadTLP", 0)));
        Write(device, "aer_dev_nonfatal", Counters("TOTAL_ERR_NONFATAL", ("DLP", 0), ("CmpltAbrt", 0)));
        Write(device, "aer_dev_fatal", Counters("TOTAL_ERR_FATAL", ("DLP", 0), ("CmpltAbrt", 0)));
    }

    private static byte[] MakeConfig()
    {
        byte[] bytes = new byte[4096];
        BitConverter.TryWriteBytes(bytes.AsSpan(0), 0x10D3_8086u);
        bytes[0x06] = 0x10;
        bytes[0x0B] = 2;
        bytes[0x34] = 0x40;
        new byte[] { 0x10, 0x00, 0x02, 0x00 }.CopyTo(bytes, 0x40);
        BitConverter.TryWriteBytes(bytes.AsSpan(0x100), 0x0001_0001u);
        BitConverter.TryWriteBytes(bytes.AsSpan(0x10C), 0x0046_2030u);
        return bytes;
    }
}

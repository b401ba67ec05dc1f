using System.Buffers.Binary;
using System.Globalization;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.FakeSysfs;

/// <summary>One function of a made-up host, and how its kernel treats it.</summary>
internal sealed class FakeDevice
{
    private readonly string _directory;

    public FakeDevice(PciAddress address, string directory)
    {
        Address = address;
        _directory = directory;
    }

    public PciAddress Address { get; }

    /// <summary>The driver the kernel would choose for it.</summary>
    public string? Preferred { get; set; }

    /// <summary>The reset methods its hardware has, in the kernel's order.</summary>
    public string[] ResetMethods { get; set; } = [];

    /// <summary>The line that enabling routes.</summary>
    public int Gsi { get; set; }

    /// <summary>What enabling lets it decode.</summary>
    public ushort Decode { get; set; } = 0x0003;

    /// <summary>What a reset does to it, after the kernel has restored what it saved; nothing is lost when null.</summary>
    public Action<FakeDevice>? OnReset { get; set; }

    /// <summary>The methods that were used on it.</summary>
    public List<string> Resets { get; } = [];

    public string Path(string file) => System.IO.Path.Combine(_directory, file);

    public string? Text(string file) => File.Exists(Path(file)) ? File.ReadAllText(Path(file)).Trim() : null;

    public FakeDevice With(string file, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(file))!);
        File.WriteAllText(Path(file), text + "\n");
        return this;
    }

    public string? Driver => new FileInfo(Path("driver")).LinkTarget is { } target ? System.IO.Path.GetFileName(target) : null;

    public byte[] Config
    {
        get => File.ReadAllBytes(Path("config"));
        set => File.WriteAllBytes(Path("config"), value);
    }

    public ushort Command
    {
        get => Word(ConfigRegisters.Command);
        set => Set(ConfigRegisters.Command, value);
    }

    public ushort Word(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Config.AsSpan(offset));

    public FakeDevice Set(int offset, ushort value) => Edit(config => BinaryPrimitives.WriteUInt16LittleEndian(config.AsSpan(offset), value));

    public FakeDevice Edit(Action<byte[]> change)
    {
        byte[] config = Config;
        change(config);

        // In place: a descriptor that is open on the file has to see it, as it would see the device.
        using FileStream stream = new(Path("config"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Write(config);
        return this;
    }

    /// <summary>The card is pulled: every register answers all ones; the kernel's files stay.</summary>
    public FakeDevice Pull() => Edit(static config => config.AsSpan().Fill(0xFF));

    /// <summary>The lines of <c>resource</c>: start, length, flags for each.</summary>
    public FakeDevice Resources(params (ulong Start, ulong Length, ulong Flags)[] resources)
    {
        var all = new (ulong, ulong, ulong)[7];
        resources.CopyTo(all, 0);
        return With("resource", string.Join('\n', all.Select(static resource => resource is (var start, > 0 and var length, var flags)
            ? string.Create(CultureInfo.InvariantCulture, $"0x{start:x16} 0x{start + length - 1:x16} 0x{flags:x16}")
            : "0x0000000000000000 0x0000000000000000 0x0000000000000000")));
    }
}

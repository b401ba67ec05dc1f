using System.Buffers.Binary;
using System.Globalization;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Tests.Devices.FakeSysfs;

/// <summary>
/// A host made of files: sysfs with the links Linux makes, a kernel that answers writes as Linux does, procfs, and a loopback Xen. Every change goes through
/// <see cref="Happened"/>, in order, and the how-many-th can be made to fail.
/// </summary>
internal sealed class FakeHost : ISysfsWriter, IDisposable
{
    public const string RootBus = "pci0000:00";

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<PciAddress, FakeDevice> _devices = [];

    public FakeHost(LoopbackPlatform? platform = null)
    {
        Xen = new(platform);
        Passthrough.Observer = request => Note(request.ToString());
        Physdev = Xen.BackendView.OpenPhysdev();
        Domains = Xen.BackendView.OpenDomainControl();
        Directory.CreateDirectory(_folder["sys/bus/pci/devices"]);
        Directory.CreateDirectory(_folder["sys/bus/pci/drivers"]);
        Boot("first-boot");
        Bus = new(_folder["sys"], this);
    }

    public SysfsBus Bus { get; }

    public LoopbackHost Xen { get; }

    public LoopbackPassthrough Passthrough => Xen.Passthrough;

    public IPhysdev Physdev { get; }

    public IDomainControl Domains { get; }

    public CapturedLines Lines { get; } = new();

    public Dictionary<PciAddress, IReadOnlyList<string>> WantedResets { get; } = [];

    /// <summary>Changes that were asked of the kernel or of Xen, in order.</summary>
    public List<string> Happened { get; } = [];

    /// <summary>Which change from now on fails, once; -1 for none.</summary>
    public int FailAt { get; set; } = -1;

    /// <summary>Whether the program is no more: then nothing it asks for happens. Asked before each change.</summary>
    public Func<bool>? Died { get; set; }

    public string Folder(string name) => _folder[name];

    public FakeDevice this[string address] => _devices[PciAddress.Parse(address)];

    /// <summary>A custody as it is when its daemon has started.</summary>
    public DeviceCustody Open(RefusalPolicy? refusals = null)
    {
        var custody = DeviceCustody.Open(Options(refusals));
        custody.Examine();
        return custody;
    }

    public DeviceCustodyOptions Options(RefusalPolicy? refusals = null) => new()
    {
        StateDirectory = _folder["state"], Bus = Bus, Proc = _folder["proc"], Physdev = Physdev, Domains = Domains,
        Refusals = refusals ?? RefusalPolicy.Default, ResetMethods = WantedResets, Logger = Lines,
    };

    public HostSnapshot Snapshot() => HostSnapshot.Take(Bus, _folder["proc"], Domains);

    public void Boot(string id) => Proc("sys/kernel/random/boot_id", id);

    public void Proc(string file, string text) => _folder.Write("proc/" + file, text + "\n");

    /// <summary>Adds an Intel 82574 as QEMU makes it: PM, MSI, MSI-X, AER and a serial number, resettable by <c>pm</c> and <c>bus</c>.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="driver">The driver that has it; null for none.</param>
    /// <param name="below">The bridges above it, the root port first.</param>
    public FakeDevice AddNic(string address, string? driver = "e1000e", params string[] below)
    {
        BuiltinCaptures.TryLoad("e1000e", out Capture? capture);
        byte[] config = capture!.Functions[0].Bytes.ToArray();
        FakeDevice device = Add(address, config, driver, below);

        // Each card its own place in memory: 128 K, 128 K, 32 ports, 16 K.
        ulong at = 0xf000_0000 + ((ulong)_devices.Count * 0x10_0000);
        device.Edit(bytes =>
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x10), (uint)at);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x14), (uint)at + 0x2_0000);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(0x1C), (uint)at + 0x4_0000);
        });
        device.Resources((at, 0x2_0000, 0x40200), (at + 0x2_0000, 0x2_0000, 0x40200), (0xd180, 0x20, 0x40101), (at + 0x4_0000, 0x4000, 0x40200));
        device.Gsi = 20 + _devices.Count;
        device.ResetMethods = ["pm", "bus"];
        device.With("reset_method", "pm bus").With("reset", string.Empty);
        if (driver is not null)
        {
            device.With("irq", device.Gsi.ToString(CultureInfo.InvariantCulture)).Command = 0x0507;
        }

        return device;
    }

    /// <summary>Adds a bridge from the shipped captures.</summary>
    public FakeDevice AddPort(string address, string? driver = "pcieport", params string[] below)
    {
        BuiltinCaptures.TryLoad("root-port", out Capture? capture);
        return Add(address, capture!.Functions[0].Bytes.ToArray(), driver, below);
    }

    /// <summary>Adds a function of any configuration space.</summary>
    public FakeDevice Add(string address, byte[] config, string? driver, params string[] below)
    {
        var parsed = PciAddress.Parse(address);
        string place = string.Join(
            '/',
            below.Select(static bridge => PciAddress.Parse(bridge).ToString()).Append(parsed.ToString()).Prepend("devices/" + RootBus));
        FakeDevice device = new(parsed, _folder["sys/" + place]);
        Directory.CreateDirectory(device.Path("power"));
        Link("bus/pci/devices/" + parsed, place);
        File.WriteAllBytes(device.Path("config"), config);
        device.With("vendor", Hex(device.Word(0))).With("device", Hex(device.Word(2)))
            .With("class", Hex(BinaryPrimitives.ReadUInt32LittleEndian(config.AsSpan(8)) >> 8))
            .With("revision", Hex(config[8])).With("subsystem_vendor", Hex(device.Word(0x2C))).With("subsystem_device", Hex(device.Word(0x2E)))
            .With("irq", "0").With("enable", "0").With("driver_override", "(null)").With("d3cold_allowed", "1").With("power/control", "auto").Resources();
        _devices[parsed] = device;
        device.Preferred = driver;
        if (driver is not null)
        {
            Bind(device, driver);
            device.With("enable", "1");
        }

        return device;
    }

    /// <summary>Makes a function a virtual one of another.</summary>
    public void MakeVirtual(string virtualFunction, string physicalFunction, int index)
    {
        Link($"bus/pci/devices/{PciAddress.Parse(virtualFunction)}/physfn", "bus/pci/devices/" + PciAddress.Parse(physicalFunction));
        Link(
            string.Create(
                CultureInfo.InvariantCulture,
                $"bus/pci/devices/{PciAddress.Parse(physicalFunction)}/virtfn{index}"), "bus/pci/devices/" + PciAddress.Parse(virtualFunction));
    }

    /// <summary>The card and its files go.</summary>
    public void Remove(string address)
    {
        FakeDevice device = this[address];
        _devices.Remove(device.Address);
        File.Delete(_folder["sys/bus/pci/devices/" + device.Address]);
        Directory.Delete(device.Path(string.Empty), recursive: true);
    }

    /// <summary>Everything that is the case: sysfs with its links and contents, the state directory, what Xen knows.</summary>
    public string Everything()
    {
        List<string> lines = [];
        foreach (string path in Directory.EnumerateFileSystemEntries(_folder["sys"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            FileInfo file = new(path);
            if (file.LinkTarget is { } target)
            {
                lines.Add($"{path} -> {target}");
            }
            else if (file.Exists)
            {
                lines.Add($"{path}: {Convert.ToHexString(File.ReadAllBytes(path))}");
            }
        }

        string state = _folder["state/devices.json"];
        string records = File.Exists(state) ? File.ReadAllText(state) : string.Empty;
        lines.Add(records.Contains("\"address\"", StringComparison.Ordinal) ? records : "no records");
        foreach (PciAddress address in _devices.Keys.Order())
        {
            lines.Add($"{address}: owner {Passthrough.OwnerOf(address)}, prepared {Passthrough.IsPrepared(address)}");
        }

        return string.Join('\n', lines);
    }

    void ISysfsWriter.Write(string path, string text)
    {
        string relative = Path.GetRelativePath(_folder["sys/bus/pci"], path);
        Note($"{relative} <- {text}");
        if (!File.Exists(path) && !relative.StartsWith("drivers", StringComparison.Ordinal))
        {
            throw new IOException($"no such file: '{path}'");
        }

        string[] parts = relative.Split('/');
        switch (parts)
        {
            case ["drivers", _, "unbind"]:
                Unbind(_devices[PciAddress.Parse(text)]);
                break;
            case ["drivers", var driver, "bind"]:
                BindIfAllowed(_devices[PciAddress.Parse(text)], driver);
                break;
            case ["drivers_probe"]:
                if (_devices[PciAddress.Parse(text)] is { Preferred: { } preferred, Driver: null } probed && Allows(probed, preferred))
                {
                    BindIfAllowed(probed, preferred);
                }

                break;
            case ["devices", var address, .. var attribute]:
                Set(_devices[PciAddress.Parse(address)], string.Join('/', attribute), text);
                break;
            default:
                throw new IOException($"no such attribute: '{path}'");
        }
    }

    public void Dispose()
    {
        Physdev.Dispose();
        Domains.Dispose();
        _folder.Dispose();
    }

    public void Link(string link, string target)
    {
        string path = _folder["sys/" + link];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateSymbolicLink(path, _folder["sys/" + target]);
    }

    private static string Hex(uint value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x4}");

    private static bool Allows(FakeDevice device, string driver) => device.Text("driver_override") is "(null)" or null
        || device.Text("driver_override") == driver;

    private void Note(string what)
    {
        Happened.Add(what);
        if (FailAt == 0 || Died?.Invoke() == true)
        {
            FailAt = -1;
            throw what.Contains(" <- ", StringComparison.Ordinal) ? new IOException("fails as told") : new HypervisorException(Errno.EIO, "fails as told");
        }

        if (FailAt > 0)
        {
            FailAt--;
        }
    }

    private void Set(FakeDevice device, string attribute, string text)
    {
        switch (attribute)
        {
            case "driver_override":
                device.With(attribute, text.Length == 0 ? "(null)" : text);
                break;
            case "enable":
                Enable(device, text == "1");
                break;
            case "reset":
                Reset(device);
                break;
            case "reset_method":
                string[] wanted = text == "default" ? device.ResetMethods : text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (wanted.Except(device.ResetMethods).Any())
                {
                    throw new IOException("Invalid argument");
                }

                device.With(attribute, string.Join(' ', wanted));
                break;
            default:
                device.With(attribute, text);
                break;
        }
    }

    // drivers/pci/pci-sysfs.c enable_store: EBUSY while a driver is bound, else pci_enable_device or pci_disable_device, both counted.
    private static void Enable(FakeDevice device, bool on)
    {
        if (device.Driver is not null)
        {
            throw new IOException("Device or resource busy");
        }

        int count = int.Parse(device.Text("enable")!, CultureInfo.InvariantCulture) + (on ? 1 : -1);
        if (count < 0)
        {
            throw new IOException("Input/output error");
        }

        device.With("enable", count.ToString(CultureInfo.InvariantCulture));
        if (on && count == 1)
        {
            device.Command |= device.Decode;
        }

        if (!on && count == 0)
        {
            device.Command &= (ushort)(0xFFFF & ~CommandBits.BusMaster);
        }

        if (on)
        {
            device.With("irq", device.Gsi.ToString(CultureInfo.InvariantCulture));
        }
    }

    // pci_reset_function: saves, resets, restores; tries the methods in order.
    private void Reset(FakeDevice device)
    {
        string[] methods = (device.Text("reset_method") ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isAlone = !_devices.Keys.Any(other => other != device.Address && other.Domain == device.Address.Domain && other.Bus == device.Address.Bus);
        string? method = methods.FirstOrDefault(name => name != "bus" || isAlone);
        if (method is null && methods.Length > 0)
        {
            throw new IOException("Inappropriate ioctl for device");
        }

        device.Resets.Add(method ?? "reset");
        device.OnReset?.Invoke(device);
    }

    private void BindIfAllowed(FakeDevice device, string driver)
    {
        if (!Directory.Exists(_folder["sys/bus/pci/drivers/" + driver]))
        {
            throw new IOException("No such file or directory");
        }

        if (device.Driver is not null || !Allows(device, driver))
        {
            throw new IOException("No such device");
        }

        Bind(device, driver);
        device.With("enable", "1").Command |= 0x0404;
    }

    /// <summary>A driver is bound to a function, as by hand.</summary>
    public void Bind(string address, string driver) => Bind(this[address], driver);

    private void Bind(FakeDevice device, string driver)
    {
        Directory.CreateDirectory(_folder["sys/bus/pci/drivers/" + driver]);
        Directory.CreateSymbolicLink(device.Path("driver"), _folder["sys/bus/pci/drivers/" + driver]);
    }

    private static void Unbind(FakeDevice device)
    {
        if (device.Driver is null)
        {
            throw new IOException("No such device");
        }

        Directory.Delete(device.Path("driver"));
        device.With("enable", "0");
        device.Command &= (ushort)(0xFFFF & ~(CommandBits.BusMaster | CommandBits.InterruptDisable));
    }
}

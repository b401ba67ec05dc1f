using System.Runtime.InteropServices;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci.Sysfs;

/// <summary>
/// A function of this host through sysfs. Its <c>config</c> file (<see cref="ConfigFile"/>) is opened once; one access is one system call of that size.
/// The kernel answers all ones for a device that does not respond, and reports that as success; for one that it has removed meanwhile (ENODEV) so does this.
/// </summary>
public sealed unsafe class SysfsFunction : IPciFunction
{
    /// <summary>Where the kernel lists the functions.</summary>
    public const string DefaultRoot = "/sys/bus/pci/devices";

    private const int CardBusUnprivileged = 128;

    private readonly string _directory;
    private readonly ConfigFile _config;
    private readonly BaseAddress[] _baseAddresses;
    private readonly bool _writable;

    private SysfsFunction(PciAddress address, string directory, ConfigFile config, bool writable)
    {
        Address = address;
        _directory = directory;
        _config = config;
        _writable = writable;
        Size = new FileInfo(Path.Combine(directory, "config")).Length switch
        {
            >= ConfigRegisters.ExtendedSize => ConfigRegisters.ExtendedSize,
            >= ConfigRegisters.StandardSize => ConfigRegisters.StandardSize,
            _ => ConfigRegisters.HeaderSize,
        };
        ReadableSize = Size;
        ReadableSize = FindReadableSize();
        VendorId = (ushort)(SysfsAttributes.Hex(directory, "vendor") ?? Register(ConfigRegisters.VendorId));
        DeviceId = (ushort)(SysfsAttributes.Hex(directory, "device") ?? Register(ConfigRegisters.DeviceId));
        IsVirtualFunction = SysfsAttributes.Link(directory, "physfn") is not null;
        // With MSI on, "irq" is the first message's number, which is not the pin's: then the pin's is not known.
        InterruptLine = HasMessageInterrupts(directory) ? (byte)0 : (byte)(SysfsAttributes.Decimal(directory, "irq") ?? 0);
        _baseAddresses = SysfsAttributes.Resources(directory);
    }

    /// <inheritdoc/>
    public PciAddress Address { get; }

    /// <inheritdoc/>
    public string Origin => $"sysfs {Address}";

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int ReadableSize { get; }

    /// <inheritdoc/>
    public ushort VendorId { get; }

    /// <inheritdoc/>
    public ushort DeviceId { get; }

    /// <inheritdoc/>
    public bool IsVirtualFunction { get; }

    /// <inheritdoc/>
    public byte InterruptLine { get; }

    /// <inheritdoc/>
    public IReadOnlyList<BaseAddress> BaseAddresses => _baseAddresses;

    /// <summary>The driver bound to it now, or null.</summary>
    public string? Driver => SysfsAttributes.Link(_directory, "driver");

    /// <summary>Opens a function.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="writable">Whether writes and operations may reach the device; without, they all return false.</param>
    /// <param name="root">The directory of all functions.</param>
    /// <returns>The function.</returns>
    /// <exception cref="IOException">It does not exist, or may not be opened so; the message says which.</exception>
    public static SysfsFunction Open(PciAddress address, bool writable = false, string root = DefaultRoot)
    {
        string directory = Path.Combine(root, address.ToString());
        if (!Directory.Exists(directory))
        {
            throw new IOException($"{address}: no such function on this host ({directory})");
        }

        ConfigFile config = ConfigFile.TryOpen(Path.Combine(directory, "config"), writable, out int errno)
            ?? throw new IOException($"{address}: config: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
        return new SysfsFunction(address, directory, config, writable);
    }

    /// <inheritdoc/>
    public bool TryRead(int offset, int size, out uint value)
    {
        value = NoAnswer.Of(size);
        if (!IsAccess(offset, size))
        {
            return false;
        }

        uint buffer = 0;
        int done = _config.Read(offset, &buffer, size, out int errno);
        if (errno == ConfigFile.NoDevice)
        {
            return true;
        }

        if (done != size)
        {
            return false;
        }

        value = buffer;
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(int offset, int size, uint value) =>
        _writable && IsAccess(offset, size) && _config.Write(offset, &value, size, out _) == size;

    /// <inheritdoc/>
    /// <remarks>Opens the other's file each time: it is asked when MSI-X is enabled, and the host may have exchanged what lies there.</remarks>
    public bool PhysicalFunctionDecodesMemory()
    {
        if (!IsVirtualFunction)
        {
            return false;
        }

        using var physical = ConfigFile.TryOpen(Path.Combine(_directory, "physfn", "config"), writable: false, out _);
        ushort command = 0;
        return physical is not null && physical.Read(ConfigRegisters.Command, &command, sizeof(ushort), out _) == sizeof(ushort)
            && !NoAnswer.Is(command, sizeof(ushort)) && (command & CommandBits.Memory) != 0;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Writes <c>enable</c> where the count is 0. The kernel refuses that while a driver is bound; then power and decoding are set
    /// through the registers, which is what its enabling does to the device.
    /// </remarks>
    public bool TryEnable()
    {
        // Of a function that is gone "enable" may be another one's by now.
        if (!_writable || !TryRead(ConfigRegisters.Command, 2, out uint command) || NoAnswer.Is(command, 2) || !TrySetPowerState(0))
        {
            return false;
        }

        if (SysfsAttributes.Decimal(_directory, "enable") is 0 && SysfsAttributes.TryWrite(_directory, "enable", "1"))
        {
            return true;
        }

        uint decode = 0u;
        foreach (BaseAddress resource in _baseAddresses.AsSpan(0, FunctionRegions.Rom))
        {
            if (resource.IsPresent)
            {
                decode |= resource.IsIo ? CommandBits.Io : CommandBits.Memory;
            }
        }

        return TryRead(ConfigRegisters.Command, 2, out command)
            && ((command & decode) == decode || TryWrite(ConfigRegisters.Command, 2, command | decode));
    }

    /// <inheritdoc/>
    public bool TrySetPowerState(int state) => _writable && PowerTransition.TryMove(this, state);

    /// <inheritdoc/>
    /// <remarks>Of one that is closed another owner may have the device.</remarks>
    public bool TryReset() => _writable && !_config.IsClosed && SysfsAttributes.TryWrite(_directory, "reset", "1");

    /// <inheritdoc/>
    /// <remarks>Accesses from now on fail. The file is closed when those under way have ended.</remarks>
    public void Dispose() => _config.Dispose();

    private static bool HasMessageInterrupts(string directory)
    {
        string path = Path.Combine(directory, "msi_irqs");
        return Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).GetEnumerator().MoveNext();
    }

    private bool IsAccess(int offset, int size) =>
        size is 1 or 2 or 4 && offset >= 0 && (offset & (size - 1)) == 0 && offset <= ReadableSize - size;

    private uint Register(int offset) => TryRead(offset, 2, out uint value) ? value : NoAnswer.Of(2);

    // Without privilege the kernel ends the file behind the header (CardBus: behind 128 bytes), and only reading tells.
    private int FindReadableSize()
    {
        if (Size == ConfigRegisters.HeaderSize || !TryRead(ConfigRegisters.HeaderSize, 1, out _))
        {
            return ConfigRegisters.HeaderSize;
        }

        return ConfigHeader.KindOf(this) == HeaderKind.CardBus && !TryRead(CardBusUnprivileged, 1, out _) ? CardBusUnprivileged : Size;
    }
}

using System.Buffers.Binary;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Emulated;

/// <summary>
/// A function in memory that behaves: each register takes, keeps or clears bits as its specification says; base addresses
/// answer sizing; power states, function level resets, VPD and self test have their effects; and faults can be injected.
/// One thread accesses it at a time; <see cref="Faults"/>, the counters and the record may be used by another.
/// </summary>
public partial class EmulatedFunction : IPciFunction
{
    private readonly byte[] _bytes;
    private readonly byte[] _initial;
    private readonly RegisterMasks _masks;
    private readonly FunctionRegions _regions;
    private readonly BaseAddress[] _baseAddresses;
    private readonly HeaderKind _header;
    private readonly int _powerAt;
    private readonly int _expressAt;
    private readonly int _featuresAt;
    private readonly int _vpdAt;
    private long _reads;
    private long _writes;
    private List<RecordedAccess>? _record;

    /// <summary>Brings a function to life.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="origin">Where it comes from, for people.</param>
    /// <param name="bytes">Its configuration space from offset 0, 64 to 4096 bytes; up to 64 make a space of 64, up to 256 of 256.</param>
    /// <param name="lengths">Bytes decoded by BARs 0–5 and, at index 6, the ROM; 0 or absent: 4 KiB of memory, 32 ports, where a register is in use.</param>
    /// <exception cref="ArgumentException">Fewer than 64 or more than 4096 bytes.</exception>
    public EmulatedFunction(PciAddress address, string origin, ReadOnlySpan<byte> bytes, ReadOnlySpan<ulong> lengths = default)
        : this(address, origin, bytes, SizeOf(bytes.Length), Reported(lengths), isVirtualFunction: false)
    {
    }

    /// <summary>Brings a function to life of which a system said more than its registers hold.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="origin">Where it comes from, for people.</param>
    /// <param name="bytes">Its configuration space from offset 0, 64 to 4096 bytes: those that can be read.</param>
    /// <param name="size">How long the space is: 64, 256 or 4096, at least as many as there are bytes.</param>
    /// <param name="reported">What the system said of BARs 0–5 and, at index 6, the ROM; may be shorter.</param>
    /// <param name="isVirtualFunction">Whether it is an SR-IOV virtual function, whose registers behave so (SR-IOV 1.1 §3.4.1).</param>
    /// <exception cref="ArgumentException">Fewer than 64 or more than 4096 bytes.</exception>
    private protected EmulatedFunction(
        PciAddress address, string origin, ReadOnlySpan<byte> bytes, int size, ReadOnlySpan<ReportedRegion> reported, bool isVirtualFunction)
    {
        if (bytes.Length is < ConfigRegisters.HeaderSize or > ConfigRegisters.ExtendedSize)
        {
            throw new ArgumentException($"a configuration space has 64 to 4096 bytes, not {bytes.Length}", nameof(bytes));
        }

        Address = address;
        Origin = origin;
        ReadableSize = bytes.Length;
        Size = size;
        _bytes = new byte[Size];
        bytes.CopyTo(_bytes);
        _initial = [.. _bytes];
        VendorId = BinaryPrimitives.ReadUInt16LittleEndian(_bytes);
        DeviceId = BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(ConfigRegisters.DeviceId));
        InterruptLine = _bytes[ConfigRegisters.InterruptLine];

        var image = new ConfigImage(_initial, ReadableSize);
        _header = ConfigHeader.KindOf(image);
        Capabilities = CapabilityWalk.Read(image);
        IsVirtualFunction = isVirtualFunction;
        _regions = FunctionRegions.Of(image, reported, isVirtualFunction);
        _masks = RegisterMasks.Compile(image, Capabilities, _regions.RegisterLengths, isVirtualFunction: isVirtualFunction);
        _baseAddresses = _regions.Regions;
        _powerAt = OffsetOf(CapabilityId.PowerManagement, PowerManagementRegisters.Size);
        _expressAt = OffsetOf(CapabilityId.PciExpress, PciExpressRegisters.DeviceStatus + 2);
        _featuresAt = OffsetOf(CapabilityId.AdvancedFeatures, AdvancedFeaturesRegisters.Size);
        _vpdAt = OffsetOf(CapabilityId.Vpd, VpdRegisters.Size);
        if (_vpdAt != 0)
        {
            Vpd = VpdImage.Create(origin);
        }
    }

    /// <inheritdoc/>
    public PciAddress Address { get; }

    /// <inheritdoc/>
    public string Origin { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int ReadableSize { get; }

    /// <inheritdoc/>
    public ushort VendorId { get; init; }

    /// <inheritdoc/>
    public ushort DeviceId { get; init; }

    /// <inheritdoc/>
    public bool IsVirtualFunction { get; init; }

    /// <summary>The physical function of a virtual one; null when it is none, or not known.</summary>
    public IConfigSpace? PhysicalFunction { get; init; }

    /// <inheritdoc/>
    public byte InterruptLine { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<BaseAddress> BaseAddresses => _baseAddresses;

    /// <summary>Where no length was given, so that the default was taken: indexes 0–5 and 6.</summary>
    protected IReadOnlyList<bool> IsLengthAssumed => _regions.IsLengthAssumed;

    /// <summary>Its capabilities, as found when it was made.</summary>
    public CapabilityList Capabilities { get; }

    /// <summary>How its registers behave.</summary>
    public RegisterMasks Masks => _masks;

    /// <summary>Its faults.</summary>
    public FunctionFaults Faults { get; } = new();

    /// <summary>Contents of its VPD, up to 32 KiB; behind its end zeros are read and writes are lost. Empty without the capability.</summary>
    public Memory<byte> Vpd { get; set; }

    /// <summary>Reads that reached it.</summary>
    public long Reads => Volatile.Read(ref _reads);

    /// <summary>Writes that reached it.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>Resets it went through: FLR, AF FLR, power cycle, <see cref="TryReset"/>.</summary>
    public int Resets { get; private set; }

    /// <inheritdoc/>
    public bool TryRead(int offset, int size, out uint value)
    {
        Volatile.Write(ref _reads, _reads + 1);
        value = NoAnswer.Of(size);
        FaultKind fault = Faults.Enter();
        bool ok = IsAccess(offset, size) && fault != FaultKind.Fails;
        if (ok && fault is not (FaultKind.AllOnes or FaultKind.Vanished))
        {
            value = Load(offset, size);
        }

        if (_record is not null)
        {
            Record(new RecordedAccess(false, offset, size, value));
        }

        return ok;
    }

    /// <inheritdoc/>
    public bool TryWrite(int offset, int size, uint value)
    {
        Volatile.Write(ref _writes, _writes + 1);
        value &= NoAnswer.Of(size);
        if (_record is not null)
        {
            Record(new RecordedAccess(true, offset, size, value));
        }

        FaultKind fault = Faults.Enter();
        if (!IsAccess(offset, size) || fault == FaultKind.Fails)
        {
            return false;
        }

        if (fault is FaultKind.AllOnes or FaultKind.Vanished)
        {
            return true;
        }

        Store(offset, size, value);
        return true;
    }

    /// <summary>Switches the record of accesses on (emptied) or off. The record allocates.</summary>
    /// <param name="on">On or off.</param>
    public void RecordAccesses(bool on) => _record = on ? [] : null;

    /// <summary>Accesses recorded so far.</summary>
    /// <returns>A copy; empty when not recording.</returns>
    public IReadOnlyList<RecordedAccess> RecordedAccesses()
    {
        List<RecordedAccess>? record = _record;
        if (record is null)
        {
            return [];
        }

        lock (record)
        {
            return [.. record];
        }
    }

    /// <summary>Sets bits as hardware would, whatever the register's rule: an error status, a pending bit.</summary>
    /// <param name="offset">Aligned offset inside the space.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The register's new value.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not an access inside the space.</exception>
    public void SetHardware(int offset, int size, uint value)
    {
        if (!IsAccess(offset, size))
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        for (int i = 0; i < size; i++)
        {
            _bytes[offset + i] = (byte)(value >> (8 * i));
        }
    }

    /// <summary>A copy of the present bytes, without an access.</summary>
    /// <returns><see cref="ReadableSize"/> bytes.</returns>
    public byte[] Snapshot() => _bytes.AsSpan(0, ReadableSize).ToArray();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets accesses that hang go on.</summary>
    /// <param name="disposing">True when called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (Faults.Kind == FaultKind.Hangs)
        {
            Faults.Release();
        }
    }

    private bool IsAccess(int offset, int size) =>
        size is 1 or 2 or 4 && offset >= 0 && (offset & (size - 1)) == 0 && offset <= ReadableSize - size;

    private uint Load(int offset, int size) => size switch
    {
        1 => _bytes[offset],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset)),
        _ => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset)),
    };

    private void Record(RecordedAccess access)
    {
        List<RecordedAccess>? record = _record;
        if (record is null)
        {
            return;
        }

        lock (record)
        {
            record.Add(access);
        }
    }

    private static int SizeOf(int bytes) => bytes switch
    {
        ConfigRegisters.HeaderSize => ConfigRegisters.HeaderSize,
        <= ConfigRegisters.StandardSize => ConfigRegisters.StandardSize,
        _ => ConfigRegisters.ExtendedSize,
    };

    private static ReportedRegion[] Reported(ReadOnlySpan<ulong> lengths)
    {
        var reported = new ReportedRegion[lengths.Length];
        for (int i = 0; i < reported.Length; i++)
        {
            reported[i] = new ReportedRegion(lengths[i]);
        }

        return reported;
    }

    private int OffsetOf(CapabilityId id, int size) =>
        Capabilities.TryFind(id, out PciCapability capability) && capability.Offset + size <= Size ? capability.Offset : 0;
}

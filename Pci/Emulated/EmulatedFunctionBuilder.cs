using System.Buffers.Binary;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci.Emulated;

/// <summary>Lays out a configuration space by hand: ids, base addresses, capabilities linked in the order they are added.</summary>
public sealed class EmulatedFunctionBuilder
{
    private readonly byte[] _bytes;
    private readonly ulong[] _lengths = new ulong[FunctionRegions.Count];
    private int _lastStandard;
    private int _lastExtended;

    /// <summary>Begins a type 0 function.</summary>
    /// <param name="vendorId">Vendor id.</param>
    /// <param name="deviceId">Device id.</param>
    /// <param name="size">64, 256 or 4096 bytes.</param>
    /// <exception cref="ArgumentException">Another size.</exception>
    public EmulatedFunctionBuilder(ushort vendorId, ushort deviceId, int size = ConfigRegisters.StandardSize)
    {
        if (size is not (ConfigRegisters.HeaderSize or ConfigRegisters.StandardSize or ConfigRegisters.ExtendedSize))
        {
            throw new ArgumentException($"a configuration space has 64, 256 or 4096 bytes, not {size}", nameof(size));
        }

        _bytes = new byte[size];
        Set(ConfigRegisters.VendorId, 2, vendorId);
        Set(ConfigRegisters.DeviceId, 2, deviceId);
    }

    /// <summary>Sets any register.</summary>
    /// <param name="offset">Offset.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">Its value.</param>
    /// <returns>This.</returns>
    public EmulatedFunctionBuilder Set(int offset, int size, uint value)
    {
        for (int i = 0; i < size; i++)
        {
            _bytes[offset + i] = (byte)(value >> (8 * i));
        }

        return this;
    }

    /// <summary>Sets a base address register, both halves of a 64-bit one.</summary>
    /// <param name="index">0 to 5, or 6 for the ROM.</param>
    /// <param name="start">Address; a multiple of the length.</param>
    /// <param name="length">Bytes decoded, a power of two.</param>
    /// <param name="flags">The register's low bits.</param>
    /// <returns>This.</returns>
    public EmulatedFunctionBuilder BaseAddress(int index, ulong start, ulong length, uint flags = 0)
    {
        int at = index == FunctionRegions.Rom ? ConfigRegisters.ExpansionRom : ConfigRegisters.BaseAddress0 + 4 * index;
        _lengths[index] = length;
        Set(at, 4, (uint)start | flags);
        return index < FunctionRegions.Rom && (flags & 7) == 4 ? Set(at + 4, 4, (uint)(start >> 32)) : this;
    }

    /// <summary>Appends a standard capability.</summary>
    /// <param name="offset">Where; a multiple of 4 from 0x40.</param>
    /// <param name="id">Its id.</param>
    /// <param name="body">The bytes behind id and next pointer.</param>
    /// <returns>This.</returns>
    public EmulatedFunctionBuilder Capability(int offset, CapabilityId id, ReadOnlySpan<byte> body)
    {
        Set(_lastStandard == 0 ? ConfigRegisters.CapabilityPointer : _lastStandard + 1, 1, (uint)offset);
        _bytes[ConfigRegisters.Status] |= (byte)StatusBits.CapabilityList;
        _bytes[offset] = (byte)id;
        body.CopyTo(_bytes.AsSpan(offset + 2));
        _lastStandard = offset;
        return this;
    }

    /// <summary>Appends an extended capability; the first lies at 0x100.</summary>
    /// <param name="offset">Where; a multiple of 4 from 0x100.</param>
    /// <param name="id">Its id.</param>
    /// <param name="version">Its version, 1 to 15.</param>
    /// <param name="body">The bytes behind the header.</param>
    /// <returns>This.</returns>
    public EmulatedFunctionBuilder Extended(int offset, ExtendedCapabilityId id, int version, ReadOnlySpan<byte> body)
    {
        if (_lastExtended != 0)
        {
            uint header = BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(_lastExtended));
            Set(_lastExtended, 4, (header & 0xFFFFF) | ((uint)offset << 20));
        }

        Set(offset, 4, (uint)id | ((uint)version << 16));
        body.CopyTo(_bytes.AsSpan(offset + 4));
        _lastExtended = offset;
        return this;
    }

    /// <summary>Brings the function to life.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="origin">Where it comes from, for people.</param>
    /// <returns>The function.</returns>
    public EmulatedFunction Build(PciAddress address = default, string origin = "emulated") => new(address, origin, _bytes, _lengths);
}

using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>This part: the steps of enabling MSI-X entries.</summary>
internal sealed partial class MessageSetup
{
    // The order of Linux xen_pcibk_enable_msix() and then of its kernel's pci_enable_msix_exact().
    private InterruptRefusal? PrepareMsix(ReadOnlySpan<MsixEntry> entries, out uint before, out ulong table)
    {
        before = 0;
        table = 0;
        using var turn = FunctionLock.Take(function);
        if (!turn.IsTaken)
        {
            return Occupied;
        }

        Find();
        if (!_found.DecodesMemory())
        {
            return new(Errno.ENXIO, "memory decoding is off");
        }

        if (!_found.HasMsix)
        {
            return new(Errno.EINVAL, "it has no MSI-X capability");
        }

        if (!_found.IsInD0())
        {
            return new(Errno.EINVAL, "it is not in D0");
        }

        if (!_found.TryReadMsix(out before))
        {
            return new(Errno.EIO, "nobody answers there");
        }

        if (CheckEntries(entries, (int)(before & MsiXRegisters.TableSize) + 1) is { } refusal)
        {
            return refusal;
        }

        if (!_found.TryFindTable(out table))
        {
            return new(Errno.EINVAL, "the host has no memory where its MSI-X table should lie");
        }

        // The function is masked while its entries are set up one after the other.
        return _found.TryWriteMsix(before | MsiXRegisters.Enable | MsiXRegisters.FunctionMask) ? null : Unwritten;
    }

    private static InterruptRefusal? CheckEntries(ReadOnlySpan<MsixEntry> entries, int tableSize)
    {
        if (entries.Length is 0 or > SharedInfoLayout.MaxVectors)
        {
            return new(Errno.EINVAL, "MSI-X for no vector, or for more than 128");
        }

        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].Entry >= tableSize)
            {
                return new(Errno.EINVAL, "an MSI-X entry lies beyond the table");
            }

            for (int j = 0; j < i; j++)
            {
                if (entries[i].Entry == entries[j].Entry)
                {
                    return new(Errno.EINVAL, "an MSI-X entry is asked for twice");
                }
            }
        }

        return null;
    }

    private InterruptRefusal? MapMsix(ReadOnlySpan<MsixEntry> entries, ulong table, int[] pirqs, out int mapped)
    {
        mapped = 0;
        try
        {
            foreach (MsixEntry entry in entries)
            {
                if (isUnwanted())
                {
                    return Leaving;
                }

                int pirq = physdev.MapMessage(domainId, _hardware.Address, entry.Entry, table);
                pirqs[mapped++] = pirq;

                // The answer has 16 bits for each.
                if (pirq is <= 0 or > ushort.MaxValue)
                {
                    return new(Errno.ERANGE, "a pirq does not fit into the answer", IsHypervisors: true);
                }
            }

            return null;
        }
        catch (HypervisorException e)
        {
            return InterruptRefusal.Of(e);
        }
        catch (ObjectDisposedException)
        {
            return InterruptRefusal.Ending;
        }
    }

    private InterruptRefusal? FinishMsix(uint before)
    {
        using var turn = FunctionLock.Take(function);
        if (!turn.IsTaken)
        {
            return Occupied;
        }

        if (!_found!.TrySilenceLine(isOff: true, out bool wasOff))
        {
            return Unwritten;
        }

        if (_found.TryWriteMsix((before & ~MsiXRegisters.FunctionMask) | MsiXRegisters.Enable))
        {
            return null;
        }

        _found.TrySilenceLine(wasOff, out _);
        return Unwritten;
    }
}

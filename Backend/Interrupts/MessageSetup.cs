using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// Enables and disables the messages of one function: the steps of a domain 0 kernel (Linux drivers/pci/msi, arch/x86/pci/xen.c), because Xen maps pirqs and
/// programs addresses, but sets no enable bit. What fails half-way leaves nothing mapped and the registers as they were. One caller at a time.
/// </summary>
/// <param name="domainId">The guest that owns the function: pirqs are mapped for it.</param>
/// <param name="function">The function.</param>
/// <param name="physdev">Who maps.</param>
/// <param name="journal">Where it is written down what is mapped; null for nowhere.</param>
/// <param name="isUnwanted">Whether the guest is losing the function: then nothing more is mapped.</param>
/// <param name="warn">Says what could not be undone.</param>
internal sealed partial class MessageSetup(
    int domainId, AssignedFunction function, IPhysdev physdev, MessageJournal? journal, Func<bool> isUnwanted, Action<string> warn)
{
    private const int MultipleMessageCapableShift = 1;
    private const int MultipleMessageEnableShift = 4;

    // MSI knows 1, 2, 4 … 32 (PCI Local Bus 3.0 §6.8.1.3).
    private const int MostMsi = 32;

    private readonly IPciFunction _hardware = function.Hardware;
    private MessageRegisters? _found;

    private static InterruptRefusal Occupied => new(Errno.EBUSY, "an earlier access has not come back");

    private static InterruptRefusal Unwritten => new(Errno.EIO, "its registers cannot be written");

    private static InterruptRefusal Leaving => new(Errno.ENODEV, "the guest no longer has the function");

    /// <summary>Enables MSI messages.</summary>
    /// <param name="count">How many: 1 to any 32 bits.</param>
    /// <param name="grant">What the guest has now; its ticket is still to be given.</param>
    /// <returns>Null, or why not.</returns>
    public InterruptRefusal? EnableMsi(uint count, out MessageGrant? grant)
    {
        grant = null;
        InterruptRefusal? refusal = PrepareMsi(count, out uint before, out uint prepared);
        if (refusal is not null)
        {
            return refusal;
        }

        int log2 = (int)((prepared & MsiRegisters.MultipleMessageEnable) >> MultipleMessageEnableShift);
        int first = 0;
        refusal = Announce(out JournalEntry? entry) ?? MapMsi(log2, out first) ?? WriteDown(ref entry, CapabilityId.Msi, 1 << log2, [first])
            ?? FinishMsi(prepared);
        if (refusal is null)
        {
            // Of consecutive ones the first stands for all.
            grant = new(InterruptMode.Msi, [.. Enumerable.Range(first, (int)count)], [first], log2, Ticket: 0, entry);
            return null;
        }

        Unmap(first > 0 ? [first] : [], entry);
        using var turn = FunctionLock.Take(function);
        _found!.TryWriteMsi(before);
        return refusal;
    }

    /// <summary>Enables these MSI-X entries.</summary>
    /// <param name="entries">What the guest asks for, checked here; not changed.</param>
    /// <param name="grant">What the guest has now, in the order of the entries; its ticket is still to be given.</param>
    /// <returns>Null, or why not.</returns>
    public InterruptRefusal? EnableMsix(ReadOnlySpan<MsixEntry> entries, out MessageGrant? grant)
    {
        grant = null;
        InterruptRefusal? refusal = PrepareMsix(entries, out uint before, out ulong table);
        if (refusal is not null)
        {
            return refusal;
        }

        int[] pirqs = new int[entries.Length];
        int mapped = 0;
        refusal = Announce(out JournalEntry? entry) ?? MapMsix(entries, table, pirqs, out mapped)
            ?? WriteDown(ref entry, CapabilityId.MsiX, pirqs.Length, pirqs) ?? FinishMsix(before);
        if (refusal is null)
        {
            grant = new(InterruptMode.MsiX, pirqs, pirqs, MultipleMessage: 0, Ticket: 0, entry);
            return null;
        }

        Unmap(pirqs.AsSpan(0, mapped), entry);
        using var turn = FunctionLock.Take(function);
        _found!.TryWriteMsix(before);
        return refusal;
    }

    /// <summary>Takes messages back: the function stops sending, then the pirqs go, then its line may speak again. Always ends with nothing mapped.</summary>
    /// <param name="grant">What the guest had.</param>
    public void Disable(MessageGrant grant)
    {
        // A lock that cannot be had changes nothing here: a pirq that stays mapped is worse than an access in between.
        using (FunctionLock.Take(function))
        {
            StopSending(msi: grant.Mode == InterruptMode.Msi, msix: grant.Mode == InterruptMode.MsiX);
        }

        Unmap(grant.Mapped, grant.Entry);
        LetLineSpeak();
    }

    /// <summary>Gives a function that lost its registers in a reset its messages back. The caller has the function's lock.</summary>
    /// <param name="grant">What the guest still counts on.</param>
    /// <returns>Null, or why not.</returns>
    public InterruptRefusal? PutBack(MessageGrant grant)
    {
        bool isMsi = grant.Mode == InterruptMode.Msi;
        if (!TryReadControl(isMsi, out uint control))
        {
            return new(Errno.EIO, "nobody answers there");
        }

        if (!isMsi && !_found.DecodesMemory())
        {
            return new(Errno.ENXIO, "memory decoding is off");
        }

        control = isMsi
            ? MsiControl(control, grant.MultipleMessage)
            : (control & ~MsiXRegisters.FunctionMask) | MsiXRegisters.Enable;

        // Masked, or not enabled, while Xen writes: no half-written message may be sent.
        if (isMsi ? !_found.TryWriteMsi(control) : !_found.TryWriteMsix(control | MsiXRegisters.FunctionMask))
        {
            return Unwritten;
        }

        try
        {
            physdev.RestoreMessages(_hardware.Address);
        }
        catch (HypervisorException e)
        {
            return InterruptRefusal.Of(e);
        }
        catch (ObjectDisposedException)
        {
            return InterruptRefusal.Ending;
        }

        return _found.TrySilenceLine(isOff: true, out _) && (isMsi ? _found.TryWriteMsi(control | MsiRegisters.Enable) : _found.TryWriteMsix(control))
            ? null
            : Unwritten;
    }

    private static uint MsiControl(uint control, int log2) =>
        (control & ~(MsiRegisters.Enable | MsiRegisters.MultipleMessageEnable)) | ((uint)log2 << MultipleMessageEnableShift);

    private InterruptRefusal? PrepareMsi(uint count, out uint before, out uint prepared)
    {
        before = prepared = 0;
        using var turn = FunctionLock.Take(function);
        if (!turn.IsTaken)
        {
            return Occupied;
        }

        Find();
        if (!_found.HasMsi)
        {
            return new(Errno.EINVAL, "it has no MSI capability");
        }

        if (!_found.IsInD0())
        {
            return new(Errno.EINVAL, "it is not in D0");
        }

        if (!_found.TryReadMsi(out before))
        {
            return new(Errno.EIO, "nobody answers there");
        }

        uint capable = Math.Min(1u << (int)((before & MsiRegisters.MultipleMessageCapable) >> MultipleMessageCapableShift), MostMsi);
        if (count == 0)
        {
            return new(Errno.EINVAL, "no message is asked for");
        }

        if (count > capable)
        {
            return new(Errno.ENOSPC, "it can send fewer messages", capable);
        }

        // The function counts in powers of two; the capability's number is one, so rounding up stays within it.
        prepared = MsiControl(before, BitOperations.Log2(BitOperations.RoundUpToPowerOf2(count)));
        return _found.TryWriteMsi(prepared) ? null : Unwritten;
    }

    // Before anything is mapped: whatever happens, a later daemon knows that there may be something.
    private InterruptRefusal? Announce(out JournalEntry? entry)
    {
        entry = null;
        if (journal is null || isUnwanted())
        {
            return null;
        }

        try
        {
            entry = journal.Begin(domainId, _hardware.Address);
            return null;
        }
        catch (HypervisorException e)
        {
            return InterruptRefusal.Of(e);
        }
        catch (IOException e)
        {
            return new(Errno.EIO, $"the journal cannot be written: {e.Message}");
        }
        catch (ObjectDisposedException)
        {
            return InterruptRefusal.Ending;
        }
    }

    private InterruptRefusal? WriteDown(ref JournalEntry? entry, CapabilityId capability, int count, ReadOnlySpan<int> mapped)
    {
        if (entry is null)
        {
            return null;
        }

        try
        {
            entry = journal!.Mapped(entry, capability, count, mapped);
            return null;
        }
        catch (IOException e)
        {
            return new(Errno.EIO, $"the journal cannot be written: {e.Message}");
        }
        catch (ObjectDisposedException)
        {
            return InterruptRefusal.Ending;
        }
    }

    private InterruptRefusal? MapMsi(int log2, out int first)
    {
        first = 0;
        if (isUnwanted())
        {
            return Leaving;
        }

        try
        {
            int available = 0;
            first = log2 == 0
                ? physdev.MapMessage(domainId, _hardware.Address, entry: 0, tableBase: 0)
                : physdev.MapMessages(domainId, _hardware.Address, 1 << log2, out available);
            if (first > 0)
            {
                return null;
            }

            // Asked for again, a number is rounded up again: only a power of two is true.
            int fits = Math.Clamp(available, 0, (1 << log2) - 1);
            return new(Errno.ENOSPC, "fewer consecutive vectors are left", fits == 0 ? 0 : 1u << BitOperations.Log2((uint)fits), IsHypervisors: true);
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

    private InterruptRefusal? FinishMsi(uint prepared)
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

        if (_found.TryWriteMsi(prepared | MsiRegisters.Enable))
        {
            return null;
        }

        _found.TrySilenceLine(wasOff, out _);
        return Unwritten;
    }

    // One that has not answered since the daemon began may have messages all the same.
    [MemberNotNull(nameof(_found))]
    private bool TryReadControl(bool isMsi, out uint control)
    {
        control = 0;
        Find();
        return isMsi ? _found.HasMsi && _found.TryReadMsi(out control) : _found.HasMsix && _found.TryReadMsix(out control);
    }

    private void StopSending(bool msi, bool msix)
    {
        if (msi && TryReadControl(isMsi: true, out uint control))
        {
            _found.TryWriteMsi(control & ~(MsiRegisters.Enable | MsiRegisters.MultipleMessageEnable));
        }

        if (msix && TryReadControl(isMsi: false, out uint controlX))
        {
            _found.TryWriteMsix(controlX & ~(MsiXRegisters.Enable | MsiXRegisters.FunctionMask));
        }
    }

    private void LetLineSpeak()
    {
        using var turn = FunctionLock.Take(function);
        _found!.TrySilenceLine(isOff: false, out _);
    }

    // A function without either capability may just not have answered: it is looked at again.
    [MemberNotNull(nameof(_found))]
    private void Find()
    {
        if (_found is not { HasMsi: true } and not { HasMsix: true })
        {
            _found = MessageRegisters.Find(_hardware);
        }
    }

    private void Unmap(ReadOnlySpan<int> pirqs, JournalEntry? entry)
    {
        List<int> left = [];
        foreach (int pirq in pirqs)
        {
            try
            {
                MappedPirqs.Unmap(physdev, domainId, pirq);
            }
            catch (HypervisorException e)
            {
                left.Add(pirq);
                warn($"a pirq could not be unmapped: {e.Message}");
            }
            catch (ObjectDisposedException)
            {
                // The daemon is ending and leaves its guests what they have.
                return;
            }
        }

        if (entry is not null)
        {
            journal!.Unmapped(entry, left);
        }
    }
}

using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <content>Interrupts, as domain 0 asks for them through <see cref="IPhysdev"/>.</content>
public sealed partial class LoopbackPassthrough
{
    // PHYSDEVOP_map_pirq: MAX_MSI_IRQS in xen/arch/x86/irq.c.
    private const int MostVectors = 32;

    internal int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase)
    {
        Begin(new(LoopbackCall.MapMessage, domainId, function, (ulong)entry, Allow: true));
        lock (_lock)
        {
            DomainHoldings holdings = _host.Domain(domainId).Holdings;
            int number = holdings.FindFree(Platform.Lines, Platform.MessagesPerGuest, 1);
            if (number == 0)
            {
                throw new HypervisorException(Errno.ENOSPC, $"domain {domainId} has no pirq left");
            }

            LoopbackFunctionTraits traits = OwnedBy(domainId, function);
            if (tableBase == 0)
            {
                if (traits.MsiVectors == 0)
                {
                    throw new HypervisorException(Errno.ENODEV, $"{function} has no MSI");
                }

                Map(holdings, new(number, LoopbackPirqKind.Msi, function, 0));
                return number;
            }

            if (traits.MsixEntries == 0)
            {
                throw new HypervisorException(Errno.ENODEV, $"{function} has no MSI-X");
            }

            if ((uint)entry >= (uint)traits.MsixEntries)
            {
                throw new HypervisorException(Errno.EINVAL, $"{function} has {traits.MsixEntries} MSI-X entries, none of index {entry}");
            }

            ThrowUnlessDecoding(function, traits);
            if (!_prepared.Contains(function))
            {
                throw new HypervisorException(Errno.ENODATA, $"MSI-X of {function} was not prepared");
            }

            Map(holdings, new(number, LoopbackPirqKind.Msix, function, entry));
            return number;
        }
    }

    internal int MapMessages(int domainId, PciAddress function, int count, out int available)
    {
        Begin(new(LoopbackCall.MapMessages, domainId, function, (ulong)count, Allow: true));
        lock (_lock)
        {
            DomainHoldings holdings = _host.Domain(domainId).Holdings;
            if (count is < 1 or > MostVectors)
            {
                throw new HypervisorException(Errno.EDOM, $"{count} vectors: MSI has 1 to {MostVectors}");
            }

            available = 0;
            if (count > 1 && !Platform.RemapsInterrupts)
            {
                available = 1;
                return 0;
            }

            int rounded = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count);
            int first = holdings.FindFree(Platform.Lines, Platform.MessagesPerGuest, rounded);
            if (first == 0)
            {
                available = rounded / 2;
                while (available > 0 && holdings.FindFree(Platform.Lines, Platform.MessagesPerGuest, available) == 0)
                {
                    available /= 2;
                }

                return available != 0 ? 0 : throw new HypervisorException(Errno.ENOSPC, $"domain {domainId} has no pirq left");
            }

            LoopbackFunctionTraits traits = OwnedBy(domainId, function);
            if (traits.MsiVectors == 0)
            {
                throw new HypervisorException(Errno.ENODEV, $"{function} has no MSI");
            }

            if (rounded > traits.MsiVectors)
            {
                available = traits.MsiVectors;
                return 0;
            }

            Map(holdings, new(first, LoopbackPirqKind.Msi, function, 0) { Count = rounded });
            for (int i = 1; i < rounded; i++)
            {
                Map(holdings, new(first + i, LoopbackPirqKind.Msi, function, i) { Count = 0 });
            }

            return first;
        }
    }

    internal int MapLine(int domainId, int gsi)
    {
        Begin(new(LoopbackCall.MapLine, domainId, Function: null, (ulong)gsi, Allow: true));
        lock (_lock)
        {
            DomainHoldings holdings = _host.Domain(domainId).Holdings;
            if (gsi < 1 || gsi >= Platform.Lines)
            {
                throw new HypervisorException(Errno.EINVAL, $"there is no line {gsi}");
            }

            if (!holdings.Pirqs.TryGetValue(gsi, out MappedPirq? pirq))
            {
                holdings.Pirqs[gsi] = new(gsi, LoopbackPirqKind.Line, function: null, gsi);
            }
            else
            {
                // Unmapped, but the guest has not closed its side: Xen takes the number up again.
                pirq.IsMapped = true;
            }

            holdings.Lines.Add(gsi);
            return gsi;
        }
    }

    internal void Unmap(int domainId, int number)
    {
        Begin(new(LoopbackCall.Unmap, domainId, Function: null, (ulong)number, Allow: true));
        lock (_lock)
        {
            DomainHoldings holdings = _host.Domain(domainId).Holdings;
            if (!holdings.Pirqs.TryGetValue(number, out MappedPirq? pirq) || !pirq.IsMapped)
            {
                throw new HypervisorException(Errno.EINVAL, $"domain {domainId} has no pirq {number}");
            }

            if (pirq.Count == 0)
            {
                throw new HypervisorException(Errno.EBUSY, $"pirq {number} of domain {domainId} is not the first of several");
            }

            for (int i = number; i < number + pirq.Count; i++)
            {
                MappedPirq one = holdings.Pirqs[i];
                Forget(one);
                if (one.Kind == LoopbackPirqKind.Line)
                {
                    holdings.Lines.Remove(one.Source);
                }

                if (one.Handler is null)
                {
                    holdings.Pirqs.Remove(i);
                }
            }
        }
    }

    internal void PrepareMsix(PciAddress function)
    {
        Begin(new(LoopbackCall.PrepareMsix, -1, function, 0, Allow: true));
        lock (_lock)
        {
            LoopbackFunctionTraits traits = Known(function);
            if (traits.MsixEntries == 0)
            {
                throw new HypervisorException(Errno.ENODEV, $"{function} has no MSI-X");
            }

            if (_prepared.Contains(function) || EntriesInUse(function) != 0)
            {
                throw new HypervisorException(Errno.EBUSY, $"MSI-X of {function} is prepared already or in use");
            }

            ThrowUnlessDecoding(function, traits);
            _prepared.Add(function);
        }
    }

    internal void ReleaseMsix(PciAddress function)
    {
        Begin(new(LoopbackCall.ReleaseMsix, -1, function, 0, Allow: true));
        lock (_lock)
        {
            Known(function);
            if (EntriesInUse(function) != 0 || !_prepared.Remove(function))
            {
                throw new HypervisorException(Errno.EBUSY, $"MSI-X of {function} is not prepared, or in use");
            }
        }
    }

    internal void RestoreMessages(PciAddress function)
    {
        Begin(new(LoopbackCall.RestoreMessages, -1, function, 0, Allow: true));
        LoopbackFunctionTraits traits;
        lock (_lock)
        {
            traits = Known(function);
            if (!_messages.ContainsKey(function))
            {
                return;
            }

            if (EntriesInUse(function) != 0)
            {
                ThrowUnlessDecoding(function, traits);
            }
        }

        traits.Restored?.Invoke();
    }

    private static void ThrowUnlessDecoding(PciAddress function, LoopbackFunctionTraits traits)
    {
        if (traits.DecodesMemory?.Invoke() == false)
        {
            throw new HypervisorException(Errno.ENXIO, $"{function} does not decode memory");
        }
    }

    private LoopbackFunctionTraits Known(PciAddress function) => Knows(function)
        ? TraitsOf(function)
        : throw new HypervisorException(Errno.ENODEV, $"the hypervisor knows no {function}");

    private LoopbackFunctionTraits OwnedBy(int domainId, PciAddress function)
    {
        LoopbackFunctionTraits traits = Known(function);
        return _owners.GetValueOrDefault(function) == domainId
            ? traits
            : throw new HypervisorException(Errno.ENODEV, $"{function} is not assigned to domain {domainId}");
    }

    private int EntriesInUse(PciAddress function)
    {
        int used = 0;
        if (_messages.TryGetValue(function, out List<MappedPirq>? mapped))
        {
            foreach (MappedPirq pirq in mapped)
            {
                used += pirq.Kind == LoopbackPirqKind.Msix ? 1 : 0;
            }
        }

        return used;
    }

    private void Map(DomainHoldings holdings, MappedPirq pirq)
    {
        holdings.Pirqs[pirq.Number] = pirq;
        PciAddress function = pirq.Function!.Value;
        if (!_messages.TryGetValue(function, out List<MappedPirq>? mapped))
        {
            _messages[function] = mapped = [];
        }

        mapped.Add(pirq);
    }
}

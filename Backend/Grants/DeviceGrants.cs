using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// What a guest gets of a device beside its configuration space: memory, ports, the line interrupt, the IOMMU context. Each step is in the
/// journal before and after; what is revoked is what the journal says, to the number (XSA-476). One guest's calls come in order.
/// </summary>
internal sealed class DeviceGrants(ToolstackServices services)
{
    private const int RomIndex = 6;

    /// <summary>Grants everything, in order. A failure leaves what was granted before it; <see cref="Revoke(DomainLife, PciAddress)"/> undoes that.</summary>
    /// <exception cref="BackendException">The step that failed, and what to do.</exception>
    public void Give(DomainLife life, PciAddress device, bool relaxed)
    {
        Step(life, device, new(GrantKind.OwnerNote), "xl's note of its owner", grant =>
        {
            OwnerNote.Write(services.Store, device, life.DomainId);
            return grant;
        });
        IReadOnlyList<BaseAddress> resources = services.Custody.BaseAddressesOf(device);
        for (int i = 0; i < resources.Count; i++)
        {
            BaseAddress resource = resources[i];
            if (!resource.IsAssigned)
            {
                continue;
            }

            if (i != RomIndex && resource.IsIo)
            {
                GivePorts(life, device, resource);
            }
            else
            {
                GiveMemory(life, device, resource);
            }
        }

        int line = services.Custody.LineOf(device);
        if (line != 0)
        {
            GiveLine(life, device, line);
        }

        Step(life, device, new(GrantKind.Assignment, relaxed ? 1u : 0u), "assignment to the guest's IOMMU context", grant =>
        {
            services.Domains.Assign(life.DomainId, device, relaxed);
            return grant;
        });
    }

    /// <summary>Takes back what the journal says was granted, last first. What the guest's end took already counts as taken back.</summary>
    /// <returns>What could not be revoked and stays in the journal; empty when everything went.</returns>
    public IReadOnlyList<string> Revoke(DomainLife life, PciAddress device)
    {
        // Grants go with their domain. One that came back with another UUID is somebody else and is not touched.
        LifeStage stage = services.Domains.StageOf(life);
        bool isThere = stage is LifeStage.Alive or LifeStage.Halted or LifeStage.Dying;
        List<string> failures = [];

        // Messages that this process mapped are taken back by who mapped them, before the device is let go: numbers come back. Those of an earlier daemon are the last.
        IEnumerable<JournalEntry> messages = services.Journal.InheritedMessagesOf(life).Where(entry => entry.Device == device).Reverse();
        foreach (JournalEntry entry in messages.Concat(services.Journal.RevocableOf(life, device)))
        {
            try
            {
                if (isThere || (stage == LifeStage.Gone && entry.Grant.Kind == GrantKind.OwnerNote))
                {
                    Revoke(entry);
                }

                services.Journal.Close(entry);
            }
            catch (Exception e) when (e is HypervisorException or IOException)
            {
                ToolstackLog.NotRevoked(services.Logger, life.DomainId, device, entry.Grant.Kind, e);
                failures.Add($"{entry.Grant.Kind}: {e.Message}");
            }
        }

        ToolstackLog.Revoked(services.Logger, life.DomainId, device);
        return failures;
    }

    private void GiveMemory(DomainLife life, PciAddress device, BaseAddress resource) =>
        Step(life, device, Grant.MemoryOf(resource.Start, resource.Length), $"memory at 0x{resource.Start:x}", grant =>
        {
            services.Domains.AllowMemory(life.DomainId, grant.First, grant.Count, allow: true);
            return grant;
        });

    private void GivePorts(DomainLife life, PciAddress device, BaseAddress resource) =>
        Step(life, device, new(GrantKind.Ports, resource.Start, resource.Length), $"I/O ports at 0x{resource.Start:x}", grant =>
        {
            services.Domains.AllowPorts(life.DomainId, (uint)grant.First, (uint)grant.Count, allow: true);
            return grant;
        });

    private void GiveLine(DomainLife life, PciAddress device, int line)
    {
        Grant mapped = Step(life, device, new(GrantKind.Pirq, 0, (ulong)line), $"line interrupt {line}", grant =>
            grant with { First = (ulong)services.Physdev.MapLine(life.DomainId, line) });
        Step(life, device, new(GrantKind.InterruptPermission, mapped.First, mapped.Count), $"permission for pirq {mapped.First}", grant =>
        {
            services.Domains.AllowInterrupt(life.DomainId, (int)grant.First, allow: true);
            return grant;
        });
    }

    private Grant Step(DomainLife life, PciAddress device, Grant grant, string what, Func<Grant, Grant> effect)
    {
        JournalEntry? entry = null;
        try
        {
            entry = services.Journal.Begin(life, device, GrantOwner.Us, grant);
            return services.Journal.Complete(entry, effect(grant)).Grant;
        }
        catch (HypervisorException e)
        {
            // Refused is not given: revoking it could take what xl gave (EBUSY also means "has it already").
            services.Journal.Close(entry!);
            throw new BackendException(BackendFailure.Failed, $"{device}: {what} failed: {Explain(life.DomainId, grant.Kind, e)}", e);
        }
        catch (IOException e)
        {
            throw new BackendException(BackendFailure.Failed, $"{device}: {what}: the journal cannot be written: {e.Message}", e);
        }
    }

    private static string Explain(int domainId, GrantKind kind, HypervisorException failure) => (kind, failure.Errno) switch
    {
        (GrantKind.Assignment, Errno.EOPNOTSUPP) =>
            $"domain {domainId} was created without passthrough; create it again with passthrough=\"enabled\" in its configuration (EOPNOTSUPP)",
        (GrantKind.Assignment, Errno.EBUSY) => $"{failure.Message}; another guest has it: detach it there first",
        (GrantKind.Assignment, Errno.EPERM) => $"{failure.Message}; it shares reserved memory: rdm_policy=relaxed accepts that",
        (GrantKind.Assignment, Errno.ENODEV) => $"{failure.Message}; Xen does not know this device",
        (GrantKind.Assignment, Errno.ENOSYS) => $"{failure.Message}; no IOMMU is in use",
        (_, Errno.ESRCH) => $"domain {domainId} is gone (ESRCH)",
        _ => failure.Message,
    };

    private void Revoke(JournalEntry entry)
    {
        int domainId = entry.Life.DomainId;
        Grant grant = entry.Grant;
        switch (grant.Kind)
        {
            case GrantKind.OwnerNote:
                OwnerNote.Remove(services.Store, entry.Device, domainId);
                break;
            case GrantKind.Assignment:
                UnlessGone(() => services.Domains.Deassign(domainId, entry.Device));
                break;
            case GrantKind.Messages:
                LeftMessages.Unmap(services, entry);
                break;
            case GrantKind.InterruptPermission when !IsLineShared(entry):
                UnlessGone(() => services.Domains.AllowInterrupt(domainId, (int)grant.First, allow: false));
                break;
            case GrantKind.Pirq when !IsLineShared(entry):
                UnlessGone(() => services.Physdev.Unmap(domainId, PirqOf(entry)));
                break;
            case GrantKind.Ports:
                foreach ((ulong first, ulong count) in Uncovered(entry))
                {
                    UnlessGone(() => services.Domains.AllowPorts(domainId, (uint)first, (uint)count, allow: false));
                }

                break;
            case GrantKind.Memory:
                foreach ((ulong first, ulong count) in Uncovered(entry))
                {
                    UnlessGone(() => services.Domains.AllowMemory(domainId, first, count, allow: false));
                }

                break;
        }
    }

    /// <summary>Whether another device of the guest has the same line: ours by the journal, or one that xl attached.</summary>
    private bool IsLineShared(JournalEntry entry)
    {
        if (services.Journal.OthersLike(entry).Any(other => other.Count == entry.Grant.Count))
        {
            return true;
        }

        HashSet<PciAddress> ours = [.. services.Journal.AttachmentsOf(entry.Life).Select(static other => other.Device)];
        return DirectoryReader.Read(services.Store, GuestId.Of(entry.Life.DomainId)).Devices.Any(keys =>
            keys.Host is { } host && host != entry.Device && !ours.Contains(host)
            && services.Custody.Find(host.ToString()) is not null && (ulong)services.Custody.LineOf(host) == entry.Grant.Count);
    }

    /// <summary>An intent does not know its pirq: mapping the line again tells, whether it had been mapped or not.</summary>
    private int PirqOf(JournalEntry entry) => entry.IsDone
        ? (int)entry.Grant.First
        : services.Physdev.MapLine(entry.Life.DomainId, (int)entry.Grant.Count);

    // Two functions may share a frame or a port, and the one that stays keeps it.
    private IEnumerable<(ulong First, ulong Count)> Uncovered(JournalEntry entry) =>
        NumberRanges.Except(entry.Grant.First, entry.Grant.Count, services.Journal.OthersLike(entry).Select(static other => (other.First, other.Count)));

    /// <summary>Revoking what is not there is what was wanted.</summary>
    private static void UnlessGone(Action revoke)
    {
        try
        {
            revoke();
        }
        catch (HypervisorException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL or Errno.ENODEV or Errno.ENOENT or Errno.EOPNOTSUPP or Errno.ENOSYS)
        {
            // The guest's end, xl or an earlier attempt took it back; or it was an intent that could not have taken effect.
        }
    }
}

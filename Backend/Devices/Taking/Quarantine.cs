using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>
/// Xen's DOMID_IO: a device in it reaches no memory, whatever it was told by its last user (XSA-302, XSA-306). And Xen's knowledge of MSI-X tables, which it
/// must have before a guest has the device (XSA-337).
/// </summary>
/// <param name="domains">Xen's domain control; nothing is done when null.</param>
/// <param name="physdev">Xen's physical-device calls; nothing is done when null.</param>
internal sealed class Quarantine(IDomainControl? domains, IPhysdev? physdev)
{
    /// <summary>Puts a device in; one that is in stays in.</summary>
    /// <exception cref="HypervisorException">A guest has it, or Xen can't.</exception>
    public void Enter(PciAddress address)
    {
        if (domains is not { CanAssignDevices: true })
        {
            return;
        }

        try
        {
            domains.Assign(DomainInfo.Quarantine, address, relaxed: true);
        }
        catch (HypervisorException busy) when (busy.Errno == Errno.EBUSY && !domains.IsAssignedToGuest(address))
        {
            // Busy but no guest's: it is in already. Xen puts a device back here by itself when it leaves a guest.
        }
    }

    /// <summary>Takes a device out; one that is not in stays out.</summary>
    /// <exception cref="HypervisorException">Xen can't.</exception>
    public void Leave(PciAddress address)
    {
        if (domains is not { CanAssignDevices: true })
        {
            return;
        }

        try
        {
            domains.Deassign(DomainInfo.Quarantine, address);
        }
        catch (HypervisorException absent) when (absent.Errno == Errno.ENODEV)
        {
            // Not in, or the device is unplugged.
        }
    }

    /// <summary>Whether a guest has the device, as far as Xen is asked.</summary>
    public bool IsGuests(PciAddress address) => domains?.IsAssignedToGuest(address) ?? false;

    /// <summary>Makes Xen look after the device's MSI-X table.</summary>
    /// <exception cref="HypervisorException">Entries are in use, or the device does not decode memory.</exception>
    public void PrepareMsix(PciAddress address)
    {
        if (physdev is null)
        {
            return;
        }

        try
        {
            physdev.PrepareMsix(address);
        }
        catch (HypervisorException busy) when (busy.Errno == Errno.EBUSY)
        {
            // Prepared before, by a program that died or by xen-pciback. If it was more than that, releasing says so.
            physdev.ReleaseMsix(address);
            physdev.PrepareMsix(address);
        }
        catch (HypervisorException old) when (old.Errno == Errno.ENOSYS)
        {
            // A Xen without the call needs none.
        }
    }

    /// <summary>Makes Xen look after the device's MSI-X table if it no longer does: it forgets a device that was unplugged and plugged in again.</summary>
    /// <exception cref="HypervisorException">The device does not decode memory, or Xen does not know it.</exception>
    public void EnsureMsix(PciAddress address)
    {
        try
        {
            physdev?.PrepareMsix(address);
        }
        catch (HypervisorException prepared) when (prepared.Errno is Errno.EBUSY or Errno.ENOSYS)
        {
            // It still does.
        }
    }

    /// <summary>Undoes <see cref="PrepareMsix"/>, or finds it undone: Xen says the same of a table that is not prepared and of one that is in use.</summary>
    /// <exception cref="HypervisorException">Entries are in use.</exception>
    public void ReleaseMsixIfPrepared(PciAddress address)
    {
        try
        {
            ReleaseMsix(address);
        }
        catch (HypervisorException busy) when (busy.Errno == Errno.EBUSY)
        {
            // One in use can't be prepared either, and the second call says so.
            physdev!.PrepareMsix(address);
            ReleaseMsix(address);
        }
    }

    /// <summary>Undoes <see cref="PrepareMsix"/>.</summary>
    /// <exception cref="HypervisorException">Entries are in use.</exception>
    public void ReleaseMsix(PciAddress address)
    {
        try
        {
            physdev?.ReleaseMsix(address);
        }
        catch (HypervisorException absent) when (absent.Errno is Errno.ENODEV or Errno.ENOSYS)
        {
            // Unplugged, or never needed.
        }
    }
}

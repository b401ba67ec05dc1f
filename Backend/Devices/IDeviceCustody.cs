using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices;

/// <summary>
/// The host's devices that guests can have: hidden from the host's drivers, remembered, given back.
/// Thread-safe; calls may block for seconds (resets).
/// </summary>
public interface IDeviceCustody
{
    /// <summary>
    /// A guest no longer has a device claimed: its release has ended, reset included. Raised on the thread that released it, after it shows
    /// no owner and with no lock held; whoever is told does not wait for anything.
    /// </summary>
    event Action<PciAddress>? Released;

    /// <summary>The held devices' functions, writable, for guests to claim.</summary>
    IFunctionSource Functions { get; }

    /// <summary>What keeps the held devices' settings while the host sleeps; null when they forget nothing then.</summary>
    IDeviceSettings? Settings { get; }

    /// <summary>What speaks how strongly against handing devices on.</summary>
    RefusalPolicy Refusals { get; }

    /// <summary>Who knows which guests could map a device's memory; null: nobody was granted any. Set once, by who grants.</summary>
    IFormerGuests? FormerGuests { get; set; }

    /// <summary>Who knows whose devices are on a line; null: no guest was granted any. Set once, by who grants.</summary>
    ILineGuests? LineGuests { get; set; }

    /// <summary>The devices held now, by address.</summary>
    /// <returns>All of them, whether a guest has them or not.</returns>
    IReadOnlyList<HeldDevice> Held();

    /// <summary>
    /// What speaks against giving a device to any guest: of one that the host has, all that <see cref="Take"/> would weigh; of a held one, what would keep it
    /// from its next guest. Nothing is changed. Reads registers, and may wait for a reset.
    /// </summary>
    /// <param name="address">The host's device; need not exist.</param>
    /// <returns>The reasons, as weighty as <see cref="Refusals"/> makes them.</returns>
    Assignability Assess(PciAddress address);

    /// <summary>Everything about a device. Of a held one no register is read, so that nobody waits for its reset; of another one all are.</summary>
    /// <param name="address">The host's device; need not exist.</param>
    /// <returns>The report, without names by pci.ids; of a held device without <see cref="Assess"/>.</returns>
    DeviceReport Describe(PciAddress address);

    /// <summary>All functions of the host, for selectors.</summary>
    /// <returns>By address, held or not.</returns>
    IReadOnlyList<DeviceCandidate> Present();

    /// <summary>
    /// Takes a device from the host: checks that nothing of the host needs it, unbinds its driver and remembers it, enables it, tells Xen about its
    /// MSI-X table, keeps its identity and a snapshot, resets it and puts it in quarantine. Taking a held device only changes its name.
    /// </summary>
    /// <param name="address">The host's device.</param>
    /// <param name="name">A name for it (<see cref="DeviceName"/>), or null.</param>
    /// <param name="force">Whether refusals that only a person can judge are overridden.</param>
    /// <returns>The device as it is held now.</returns>
    /// <exception cref="BackendException">The name breaks a rule; or the device doesn't exist, is refused (in use, a bridge, a sibling of
    /// something in use …), or a step failed and was undone.</exception>
    HeldDevice Take(PciAddress address, string? name, bool force);

    /// <summary>
    /// Gives a device back to the host; does nothing when it isn't held. It leaves quarantine only when it is seen to have stopped: bus mastering reads as
    /// off, and the reset succeeded if the kernel has one. While a guest that had it lives and may still reach its memory it is refused, and while a guest has
    /// another device on its line.
    /// </summary>
    /// <param name="address">The host's device.</param>
    /// <param name="rebind">Whether its original driver gets it at once.</param>
    /// <param name="force">Whether refusals that only a person can judge are overridden.</param>
    /// <exception cref="BackendException">A guest has it or is getting it; it is refused, and stays held; or a step failed.</exception>
    void GiveBack(PciAddress address, bool rebind, bool force);

    /// <summary>
    /// Pins a device: it is not given back to the host while it is on its way to a guest or from one. Between two steps of that way nobody seems to have it.
    /// Several may pin one device. Never blocks.
    /// </summary>
    /// <param name="address">The host's device; need not be held.</param>
    /// <returns>Unpins it when disposed; null when the device is just being given back.</returns>
    IDisposable? TryPin(PciAddress address);

    /// <summary>
    /// Makes a held device ready for its next guest: same card as was taken, reset, restored, MSI-X prepared.
    /// Called before anything is granted.
    /// </summary>
    /// <param name="address">The host's device.</param>
    /// <exception cref="BackendException">It is not held, was swapped for another card, or does not answer.</exception>
    void MakeReady(PciAddress address);

    /// <summary>
    /// Does what a toolstack means that resets a device itself, before it gives the device to a guest and before it takes it from one:
    /// makes ready what nobody has, and stops and resets what a guest has that nobody here serves. One that a guest has claimed is
    /// left to its release. May block for seconds.
    /// </summary>
    /// <param name="address">The host's device.</param>
    /// <exception cref="BackendException">It is not held, or as <see cref="MakeReady"/> and <see cref="Stop"/> say.</exception>
    void Reset(PciAddress address);

    /// <summary>
    /// Stops a device that a guest still has although nobody here serves it any more (an earlier daemon did): quiesced, reset, restored. Called before
    /// anything of it is revoked, because it may be in the middle of writing to the guest's memory. Does nothing for a device that a guest has claimed, that
    /// is not held, or that was reset since a guest last claimed it and, if Xen says that a guest still has it, reads as no bus master. May block for seconds.
    /// </summary>
    /// <param name="address">The host's device.</param>
    /// <exception cref="BackendException">It could not be reset or does not answer.</exception>
    void Stop(PciAddress address);

    /// <summary>The line interrupt captured while MSI was off (GSI), or 0 when it has none.</summary>
    /// <param name="address">The held device.</param>
    /// <returns>1 to 254, or 0.</returns>
    int LineOf(PciAddress address);

    /// <summary>
    /// Who of the host listens on a held device's line now, or may at any time. Nobody when a person accepted the line as it was when the device was taken.
    /// </summary>
    /// <param name="address">The held device.</param>
    /// <returns>Phrases for people; empty when there is nobody, or the device has no line.</returns>
    IReadOnlyList<string> HostUsersOfLine(PciAddress address);

    /// <summary>The base addresses that the host assigned to a held device: what its guest gets to map.</summary>
    /// <param name="address">The held device.</param>
    /// <returns>Indexes 0 to 5 the BARs, 6 the ROM.</returns>
    /// <exception cref="IOException">The host has no such function, or its files cannot be read.</exception>
    IReadOnlyList<BaseAddress> BaseAddressesOf(PciAddress address);

    /// <summary>
    /// Nobody serves guests here any more: what they have claimed is nobody's, and left as it is. Who serves next, here or in another process, claims it again.
    /// </summary>
    void LeaveToNext();
}

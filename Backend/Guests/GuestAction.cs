using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>Something the life cycle wants done. Actions of one transition are done in order.</summary>
public abstract record GuestAction
{
    private GuestAction()
    {
    }

    /// <summary>Write the own state, unless the node is gone or was created anew.</summary>
    /// <param name="State">The state to write.</param>
    public sealed record SwitchState(XenbusState State) : GuestAction;

    /// <summary>
    /// Give the guest a function: claim it, find it a slot, publish <c>vdev-N</c>, then <c>state-N</c> = 3. A function the guest
    /// has already keeps its slot and is published again. A failure concerns this device alone (<see cref="FailDevice"/>).
    /// </summary>
    /// <param name="Device">Its keys; <see cref="DeviceKeys.Host"/> is not null.</param>
    public sealed record ExposeDevice(DeviceKeys Device) : GuestAction;

    /// <summary>
    /// The guest has this function from an earlier daemon: claim it, and give it the place and the registers that it has. Hardware is left as it is. A
    /// failure concerns this device alone (<see cref="FailDevice"/>).
    /// </summary>
    /// <param name="Device">Its keys; <see cref="DeviceKeys.Host"/> and <see cref="DeviceKeys.Guest"/> are not null.</param>
    public sealed record InheritDevice(DeviceKeys Device) : GuestAction
    {
        /// <summary>Whether the guest has not got over an error of it.</summary>
        public bool HasFailed { get; init; }
    }

    /// <summary>Withdraw a function from the guest and release it, as <c>state-N</c> = 5 asks.</summary>
    /// <param name="Device">Its keys.</param>
    public sealed record WithdrawDevice(DeviceKeys Device) : GuestAction;

    /// <summary>Withdraw and release a function whose keys are gone: the guest was not asked, or did not answer.</summary>
    /// <param name="Host">The host's function.</param>
    public sealed record WithdrawUnlisted(PciAddress Host) : GuestAction;

    /// <summary>Report one device as unusable: <c>state-N</c> = 6, a word in <c>error-N</c>, the reason in <c>reason-N</c>. The others go on.</summary>
    /// <param name="Index">N.</param>
    /// <param name="Failure">Why.</param>
    public sealed record FailDevice(int Index, DeviceFailure Failure) : GuestAction;

    /// <summary>Publish the root buses of everything the guest has. Repeating it changes nothing.</summary>
    public sealed record PublishRoots : GuestAction;

    /// <summary>
    /// Read the frontend's keys, map the page, bind the port, serve. Ends in <see cref="GuestEvent.Attached"/> or
    /// <see cref="GuestEvent.AttachFailed"/>.
    /// </summary>
    public sealed record Attach : GuestAction;

    /// <summary>
    /// Serve a guest that an earlier daemon connected: map its page, bind its port, look at the page once, keep the messages that it knows of. Ends in
    /// <see cref="GuestEvent.Inherited"/> or <see cref="GuestEvent.AttachFailed"/>.
    /// </summary>
    public sealed record Inherit : GuestAction;

    /// <summary>Take back the messages that an earlier daemon mapped: the frontend that knew of them is gone.</summary>
    public sealed record DropMessages : GuestAction;

    /// <summary>Stop serving, unbind the port, unmap the page, in this order.</summary>
    public sealed record Detach : GuestAction;

    /// <summary>Write the error node.</summary>
    /// <param name="Errno">The number in the error node.</param>
    /// <param name="Reason">What was wrong.</param>
    public sealed record ReportError(Errno Errno, string Reason) : GuestAction;

    /// <summary>Say that a function of the guest has failed for good.</summary>
    /// <param name="Host">The host's function.</param>
    public sealed record ReportLost(PciAddress Host) : GuestAction;

    /// <summary>
    /// Say in <c>aerState</c> whether a function of the guest has failed for good, as xen-pciback does after an error that the guest did not get over
    /// (drivers/xen/xen-pciback/pci_stub.c, kill_domain_by_device).
    /// </summary>
    /// <param name="HasFailed">Write <c>aerfail</c>, or take it back.</param>
    public sealed record PublishFailure(bool HasFailed) : GuestAction;

    /// <summary>Warn, once for each subject, about something the guest or an earlier daemon left.</summary>
    /// <param name="Subject">What is wrong, in words.</param>
    public sealed record Warn(string Subject) : GuestAction;

    /// <summary>Withdraw and release every function, which resets them.</summary>
    public sealed record ReleaseDevices : GuestAction;
}

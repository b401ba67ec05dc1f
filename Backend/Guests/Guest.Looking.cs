using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Guests;

/// <summary>This part: it looks at its two directories and its domain.</summary>
internal sealed partial class Guest
{
    /// <summary>
    /// Whether the frontend is as the last pass left it, so that its watch alone is no reason for another one. One request, which so is all that a guest
    /// causes by writing what is there already: everything else that a pass looks at the guest cannot write, and has a watch of its own.
    /// </summary>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public bool IsFrontendAsSeen()
    {
        if (IsGone || _frontend is null || _seenFrontend is not { } seen || DirectoryReader.ReadState(_services.Store, _frontend) != seen)
        {
            return false;
        }

        // In this state a new kernel publishes another page, over its predecessor's: then the page is what changed. Three requests more.
        return seen != XenbusState.Initialised || _attachment is not { } attachment || FrontendKeys.Read(_services.Store, _frontend) == attachment.Keys;
    }

    /// <summary>Looks at both directories, one key after the other, and at the domain.</summary>
    private GuestObservation Look()
    {
        GuestDirectory directory = new DirectoryReader(_services.Store, _id).ReadServed();
        return new(directory, directory.Exists ? _services.Domains.StandingOf(_id.DomainId) : DomainStanding.Served)
        {
            FrontendKeysChanged = _attachment is { } attachment && directory.FrontendPath is { } frontend
                && FrontendKeys.Read(_services.Store, frontend) != attachment.Keys,
        };
    }

    /// <summary>
    /// Looks, and looks again at what seems to be gone: a device may only have been renumbered between two reads, and a transaction tells.
    /// It reads nothing that the guest writes, which could make each one end in a conflict and keep what was taken from it.
    /// </summary>
    private GuestObservation LookClosely()
    {
        GuestObservation seen = Look();
        if (!IsMissingSome(seen.Directory))
        {
            return seen;
        }

        GuestDirectory atOnce = _services.Store.Run(access => new DirectoryReader(access, _id).ReadBackend(DeviceDetail.Wishes));
        if (!atOnce.Exists)
        {
            return seen with { Directory = atOnce };
        }

        GuestDirectory directory = seen.Directory;
        return seen with
        {
            Directory = atOnce with { Frontend = directory.Frontend, FrontendPath = directory.FrontendPath, FrontendError = directory.FrontendError },
            Withdrawn = IsMissingSome(atOnce) ? _exposed.MissingIn(atOnce.Devices) : [],
        };
    }

    private bool IsMissingSome(GuestDirectory directory) => directory is { Exists: true, DevicesError: null }
        && _exposed.MissingIn(directory.Devices).Count > 0;
}

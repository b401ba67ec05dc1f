using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>This part: it was connected by an earlier daemon.</summary>
internal sealed partial class Guest
{
    // An earlier daemon's end may still be under way: its port is bound until its last descriptor is closed.
    private const int InheritAttempts = 40;
    private const int InheritPauseMilliseconds = 25;

    // What the next daemon finds of them.
    private IReadOnlyList<PciAddress> _leftFailed = [];

    // Only while the daemon starts: what was connected later was connected by it.
    private GuestObservation LookForAnEarlierOne(GuestObservation seen)
    {
        if (!_adopt || !seen.Directory.Exists || _services.Inheritance?.Find(_id) is not { } left)
        {
            return seen;
        }

        return seen with
        {
            IsInherited = true,
            Failed = left.FailedDevices(),
            FrontendKeysChanged = seen.Directory.FrontendPath is { } frontend && FrontendKeys.Read(_services.Store, frontend) != left.Keys,
        };
    }

    private void InheritDevice(DeviceKeys device, bool hasFailed)
    {
        var options = ToolstackOptions.Parse(StoreKeys.Options(device.Index), device.Options);
        Placing(device.Host!.Value);
        if (_exposed.Inherit(device.Host.Value, device.Guest!.Value, options, hasFailed) is { } failure)
        {
            FailDevice(device.Index, failure);
        }
    }

    private GuestEvent Inherit()
    {
        _attachment = TryInherit(out Errno errno, out string? reason) ?? InheritLater(ref errno, ref reason);
        if (_attachment is null)
        {
            return new GuestEvent.AttachFailed(errno, $"it could not be served again after the daemon's restart: {reason}");
        }

        LeaveToNext(_attachment);
        _attachment.Lane.NotifyOnce();
        SayAttached(_attachment);
        return new GuestEvent.Inherited();
    }

    private GuestAttachment? TryInherit(out Errno errno, out string? reason) =>
        GuestAttachment.Create(_services, _id.DomainId, _frontend!, _exposed.Table, out errno, out reason, _exposed.InheritMessages);

    // Others' passes go on meanwhile: that its page or its port is not to be had may be this guest's own doing.
    private GuestAttachment? InheritLater(ref Errno errno, ref string? reason)
    {
        using var wait = DeviceWait.Begin();
        GuestAttachment? attachment = null;
        for (int attempt = 1; attempt < InheritAttempts && attachment is null && HasUsableKeys(); attempt++)
        {
            Thread.Sleep(InheritPauseMilliseconds);
            attachment = TryInherit(out errno, out reason);
        }

        return attachment;
    }

    private bool HasUsableKeys() => FrontendKeys.Read(_services.Store, _frontend!).Check(out _, out _) is null;

    // Before the frontend can be told, so that no guest is connected of which the next daemon would not know.
    private void LeaveToNext(GuestAttachment attachment)
    {
        IReadOnlyList<PciAddress> failed = _exposed.Failed;
        _services.Inheritance?.Leave(_id, attachment.Keys, failed);
        _leftFailed = failed;
    }

    private void LeaveFailures()
    {
        if (_attachment is { } attachment && !_exposed.Failed.SequenceEqual(_leftFailed))
        {
            LeaveToNext(attachment);
        }
    }
}

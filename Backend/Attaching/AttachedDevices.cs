using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>What a guest has, by its directory, whoever attached it.</summary>
internal static class AttachedDevices
{
    /// <summary>The devices it has or is getting, by index.</summary>
    public static IReadOnlyList<AttachedDevice> Of(ToolstackServices services, DomainLife life)
    {
        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        IReadOnlySet<PciAddress> ours = services.Journal.OfferedTo(life);
        List<AttachedDevice> devices = [];
        foreach (DeviceKeys keys in directory.Devices)
        {
            if (keys.Host is { } host)
            {
                devices.Add(new(life.DomainId, host, keys.Guest, StateOf(directory, keys), ours.Contains(host)) { Failure = FailureOf(keys) });
            }
        }

        return devices;
    }

    private static AttachmentState StateOf(GuestDirectory directory, DeviceKeys keys) => keys switch
    {
        { IsFailed: true } => AttachmentState.Failed,
        { State: XenbusState.Closing } => AttachmentState.Leaving,
        _ when directory.Backend is XenbusState.Closing or XenbusState.Closed => AttachmentState.Leaving,
        { IsPublished: true } when directory.Frontend is XenbusState.Connected or XenbusState.Reconfiguring => AttachmentState.Connected,
        _ => AttachmentState.Offered,
    };

    private static string? FailureOf(DeviceKeys keys) => keys switch
    {
        { IsFailed: false } => null,
        { Error: null } => "no reason given",
        _ => StoreFormats.Bounded(keys.Error),
    };
}

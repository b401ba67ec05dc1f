using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// What a guest's two directories say: the one model that both halves read, the backend that serves the guest and the toolstack that
/// attaches to it. The frontend's is the guest's to write, and nothing but its state is read there.
/// </summary>
public sealed record GuestDirectory
{
    /// <summary>Upper bound of the number of devices: one bus has 32 slots of 8 functions.</summary>
    public const int MaxDevices = 256;

    /// <summary>No directory at all.</summary>
    public static GuestDirectory Missing { get; } = new();

    /// <summary>Whether there is a backend directory, whoever made it.</summary>
    public bool Exists { get; init; }

    /// <summary>Whether a toolstack has given it devices, or the number 0 of them. Without that a directory is half made, or left over.</summary>
    public bool HasDeviceCount { get; init; }

    /// <summary>The backend's state as stored: the toolstack writes it too.</summary>
    public XenbusState Backend { get; init; }

    /// <summary>The frontend's state.</summary>
    public XenbusState Frontend { get; init; }

    /// <summary>The frontend's directory, where the backend's says that it is; null when it cannot be used, or was not asked for.</summary>
    public string? FrontendPath { get; init; }

    /// <summary>Why the frontend's directory cannot be used; null when it can, or was not asked for.</summary>
    public string? FrontendError { get; init; }

    /// <summary>False: the toolstack wants the guest to lose the whole bus, and not served again after a close.</summary>
    public bool IsOnline { get; init; }

    /// <summary>Its devices by N, at most <see cref="MaxDevices"/>. Who serves the guest heeds <see cref="DevicesError"/> first.</summary>
    public IReadOnlyList<DeviceKeys> Devices { get; init; } = [];

    /// <summary>Why the number of devices cannot be believed: missing, not a number, above <see cref="MaxDevices"/>; null when it can.</summary>
    public string? DevicesError { get; init; }

    /// <summary>The two states.</summary>
    public GuestStates States => new(Backend, Frontend);

    /// <summary>Whether the frontend is connected and no change is under way.</summary>
    public bool IsConnected => States.AreConnected;

    /// <summary>Whether the frontend has never been connected: nobody in the guest uses a device.</summary>
    public bool IsBeforeConnection => Backend is XenbusState.Initialising or XenbusState.InitWait or XenbusState.Initialised;

    /// <summary>Whether the frontend has closed, or has no directory.</summary>
    public bool HasFrontendClosed => States.HasFrontendClosed;

    /// <summary>The keys of a device.</summary>
    /// <param name="host">The host's function.</param>
    /// <returns>Its keys; null when there are none.</returns>
    public DeviceKeys? Find(PciAddress host)
    {
        foreach (DeviceKeys device in Devices)
        {
            if (device.Host == host)
            {
                return device;
            }
        }

        return null;
    }
}

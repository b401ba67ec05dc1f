namespace PciBackFlow.Backend.Devices;

/// <summary>What the toolstack's half of a backend works on: held devices, and where it writes down what guests were given.</summary>
public sealed record DeviceService
{
    /// <summary>The held devices; the backend's guests claim theirs from the same. Not disposed by the host.</summary>
    public required IDeviceCustody Custody { get; init; }

    /// <summary>Where the grants' journal of this boot lies; made when absent.</summary>
    public required string JournalDirectory { get; init; }
}

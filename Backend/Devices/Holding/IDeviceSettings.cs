namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>What held devices are set to, kept while the host sleeps. Thread-safe; calls may block for seconds.</summary>
public interface IDeviceSettings
{
    /// <summary>The host is about to sleep: keeps what the devices in guests' hands are set to.</summary>
    void Suspend();

    /// <summary>
    /// The host is awake again: brings every held device back to power and to its settings, and has Xen write back the messages of those in guests' hands.
    /// </summary>
    /// <returns>What did not come back, one line for each device; those are unusable.</returns>
    IReadOnlyList<string> Resume();
}

namespace PciBackFlow.Cli.Top;

/// <summary>A guest between two looks.</summary>
/// <param name="Domain">Its domain id.</param>
/// <param name="Device">The device id of its bus; toolstacks use 0.</param>
/// <param name="Name">Its name, or null.</param>
/// <param name="State">The backend's state in words.</param>
/// <param name="Shard">The shard that serves it, or null.</param>
/// <param name="Functions">How many functions it has.</param>
/// <param name="RequestsPerSecond">Requests in this time.</param>
/// <param name="DeniedPerSecond">Writes in this time of which policy dropped something.</param>
/// <param name="HardwarePerSecond">Accesses to registers of its functions in this time.</param>
/// <param name="Requests">Requests since it attached.</param>
/// <param name="Denied">Denied writes since it attached.</param>
/// <param name="Late">Requests since it attached that were late, or whose answer was.</param>
internal sealed record TopGuest(
    int Domain,
    int Device,
    string? Name,
    string State,
    int? Shard,
    int Functions,
    double RequestsPerSecond,
    double DeniedPerSecond,
    double HardwarePerSecond,
    long Requests,
    long Denied,
    long Late);

namespace PciBackFlow.Backend.Control.Api;

/// <summary>The paths of the control API, for both of its ends.</summary>
internal static class ControlPaths
{
    /// <summary>What every path begins with: the version of the API.</summary>
    public const string Version = "/v1/";

    /// <summary>Where the time of guests' requests goes.</summary>
    public const string Profile = "profile";

    /// <summary>The key of a profile's id: of the question, and of the path that ends it.</summary>
    public const string ProfileId = "id";

    /// <summary>What collectors ask for everywhere: of no version, because its format says its own.</summary>
    public const string Metrics = "/metrics";

    /// <summary>The live page: what a browser asks for first.</summary>
    public const string LivePage = "/";

    /// <summary>What the live page reads.</summary>
    public const string Status = Version + "status";
}

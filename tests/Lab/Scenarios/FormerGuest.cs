namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A guest that keeps a device's registers mapped after the device was taken from it, and what becomes of the device meanwhile.</summary>
public sealed class FormerGuest(Boot<FormerGuest> boot) : ScenarioTests<FormerGuest>(boot), IScenario
{
    /// <summary>With a program in the guests that maps registers.</summary>
    public static Machine Machine => Machine.Standard with
    {
        GuestFiles = new Dictionary<string, Func<string>> { ["usr/bin/labprobe"] = () => PublishedProgram.Probe },
    };
}

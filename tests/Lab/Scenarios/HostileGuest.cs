namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A guest that writes anything into the keys it owns, beside one that works.</summary>
public sealed class HostileGuest(Boot<HostileGuest> boot) : ScenarioTests<HostileGuest>(boot), IScenario
{
    /// <summary>With a program in the guest that writes faster than a shell, and plays a frontend of its own.</summary>
    public static Machine Machine => Machine.Standard with
    {
        GuestFiles = new Dictionary<string, Func<string>> { ["usr/bin/labprobe"] = () => PublishedProgram.Probe },
        TimeLimit = TimeSpan.FromMinutes(15),
    };
}

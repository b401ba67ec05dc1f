namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A guest that writes anything into the keys it owns, beside one that works.</summary>
public sealed class HostileGuest(Boot<HostileGuest> boot) : ScenarioTests<HostileGuest>(boot), IScenario
{
    /// <summary>With the program that writes faster than a shell.</summary>
    public static Machine Machine => Machine.Standard with
    {
        Files = new Dictionary<string, string> { ["usr/bin/labprobe"] = PublishedProgram.Probe },
        TimeLimit = TimeSpan.FromMinutes(15),
    };
}

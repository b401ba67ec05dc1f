using System.Diagnostics;
using PciBackFlow.Cli.Serve;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>How a daemon starts the one that is to follow it. The service manager's variables are those of the tests' process.</summary>
[Collection(ServiceVariablesCollection.Name)]
public sealed class SuccessorProcessTests
{
    [Fact]
    public void It_has_its_predecessors_words_and_takes_over()
    {
        ProcessStartInfo start = SuccessorProcess.Describe("/usr/bin/pcibackflow", ["serve", "--take-over", "--spin", "50"]);

        Assert.Equal(["serve", "--spin", "50", "--take-over"], start.ArgumentList);
    }

    [Fact]
    public void It_takes_the_service_managers_watchdog_for_its_own()
    {
        using ServiceEnvironment service = new(("NOTIFY_SOCKET", "/run/notify"), ("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", $"{Environment.ProcessId}"));

        ProcessStartInfo start = SuccessorProcess.Describe("/usr/bin/pcibackflow", ["serve"]);

        Assert.False(start.Environment.ContainsKey("WATCHDOG_PID"));
        Assert.Equal("30000000", start.Environment["WATCHDOG_USEC"]);
        Assert.Equal("/run/notify", start.Environment["NOTIFY_SOCKET"]);
    }
}

using PciBackFlow.Cli.Serve;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>A daemon that was started by hand and takes over from a service's is the service from then on.</summary>
[Collection(ServiceVariablesCollection.Name)]
public sealed class ServiceVariablesTests
{
    [Fact]
    public void A_service_hands_its_socket_and_its_watchdog_on()
    {
        using ServiceEnvironment service = new(("NOTIFY_SOCKET", "/run/notify"), ("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "1"));

        Assert.Equal(
            new Dictionary<string, string> { ["NOTIFY_SOCKET"] = "/run/notify", ["WATCHDOG_USEC"] = "30000000" }, ServiceVariables.Read());
    }

    [Fact]
    public void A_daemon_without_a_service_manager_has_nothing_to_hand_on()
    {
        using ServiceEnvironment alone = new();

        Assert.Null(ServiceVariables.Read());
    }

    [Fact]
    public void One_that_no_manager_started_takes_them_for_its_own_and_nothing_else()
    {
        using ServiceEnvironment alone = new(("WATCHDOG_PID", "1"));

        ServiceVariables.Adopt(new Dictionary<string, string> { ["NOTIFY_SOCKET"] = "@notify", ["WATCHDOG_USEC"] = "5", ["PATH_OF_A_STRANGER"] = "/tmp" });

        Assert.Equal("@notify", Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));
        Assert.Equal("5", Environment.GetEnvironmentVariable("WATCHDOG_USEC"));
        Assert.Null(Environment.GetEnvironmentVariable("WATCHDOG_PID"));
        Assert.Null(Environment.GetEnvironmentVariable("PATH_OF_A_STRANGER"));
    }

    [Fact]
    public void One_with_a_manager_of_its_own_keeps_it()
    {
        using ServiceEnvironment own = new(("NOTIFY_SOCKET", "/run/own"));

        ServiceVariables.Adopt(new Dictionary<string, string> { ["NOTIFY_SOCKET"] = "/run/others", ["WATCHDOG_USEC"] = "5" });

        Assert.Equal("/run/own", Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));
        Assert.Null(Environment.GetEnvironmentVariable("WATCHDOG_USEC"));
    }
}

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// What a service manager tells its service in the environment (sd_notify(3), sd_watchdog_enabled(3)), handed on to a daemon that takes over and was not
/// started by it: the manager waits for that one's word from then on.
/// </summary>
internal static class ServiceVariables
{
    /// <summary>For which process the watchdog's variable is meant; without it, for the one that reads it.</summary>
    public const string WatchdogProcess = "WATCHDOG_PID";

    /// <summary>The watchdog's limit, in microseconds.</summary>
    public const string WatchdogLimit = "WATCHDOG_USEC";

    private const string Socket = "NOTIFY_SOCKET";

    /// <summary>This process's.</summary>
    /// <returns>Null when no service manager started it.</returns>
    public static IReadOnlyDictionary<string, string>? Read()
    {
        if (Environment.GetEnvironmentVariable(Socket) is not { Length: > 0 } socket)
        {
            return null;
        }

        Dictionary<string, string> variables = new() { [Socket] = socket };
        if (Environment.GetEnvironmentVariable(WatchdogLimit) is { Length: > 0 } limit)
        {
            variables[WatchdogLimit] = limit;
        }

        return variables;
    }

    /// <summary>Makes another process's this one's, if it has none.</summary>
    /// <param name="variables">As <see cref="Read"/> gave them there; others are ignored.</param>
    public static void Adopt(IReadOnlyDictionary<string, string> variables)
    {
        if (Environment.GetEnvironmentVariable(Socket) is { Length: > 0 })
        {
            return;
        }

        Environment.SetEnvironmentVariable(WatchdogProcess, null);
        foreach (string name in (string[])[Socket, WatchdogLimit])
        {
            if (variables.TryGetValue(name, out string? value))
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }
    }
}

using System.Globalization;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// What a service manager tells its service in the environment (sd_notify(3), sd_watchdog_enabled(3), systemd.exec(5)), handed on to a daemon that takes
/// over and was not
/// started by it: the manager waits for that one's word from then on.
/// </summary>
internal static class ServiceVariables
{
    /// <summary>For which process the watchdog's variable is meant; without it, for the one that reads it.</summary>
    public const string WatchdogProcess = "WATCHDOG_PID";

    /// <summary>The watchdog's limit, in microseconds.</summary>
    public const string WatchdogLimit = "WATCHDOG_USEC";

    private const string Socket = "NOTIFY_SOCKET";

    /// <summary>How many descriptors the manager keeps for the service, from systemd 254 on.</summary>
    private const string StoredDescriptors = "FDSTORE";

    private static readonly string[] HandedOn = [WatchdogLimit, StoredDescriptors];

    /// <summary>Whom to ask for keeping descriptors: a manager before systemd 254, which does not say whether it does, too.</summary>
    /// <returns>Null when there is no manager, or when it says that it keeps none.</returns>
    public static NotifySocket? Store()
    {
        string? most = Environment.GetEnvironmentVariable(StoredDescriptors);
        bool keepsNone = most is not null && !(uint.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number > 0);
        return !keepsNone && Environment.GetEnvironmentVariable(Socket) is ['/' or '@', _, ..] socket ? new(socket) : null;
    }

    /// <summary>This process's.</summary>
    /// <returns>Null when no service manager started it.</returns>
    public static IReadOnlyDictionary<string, string>? Read()
    {
        if (Environment.GetEnvironmentVariable(Socket) is not { Length: > 0 } socket)
        {
            return null;
        }

        Dictionary<string, string> variables = new() { [Socket] = socket };
        foreach (string name in HandedOn)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                variables[name] = value;
            }
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
        foreach (string name in (string[])[Socket, .. HandedOn])
        {
            if (variables.TryGetValue(name, out string? value))
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }
    }
}

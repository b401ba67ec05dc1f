namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>The service manager's variables as a test wants them, and as they were after it.</summary>
internal sealed class ServiceEnvironment : IDisposable
{
    private static readonly string[] s_names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

    private readonly (string Name, string? Value)[] _before = [.. s_names.Select(static name => (name, Environment.GetEnvironmentVariable(name)))];

    public ServiceEnvironment(params (string Name, string Value)[] variables)
    {
        foreach (string name in s_names)
        {
            Environment.SetEnvironmentVariable(name, Array.Find(variables, variable => variable.Name == name).Value);
        }
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}

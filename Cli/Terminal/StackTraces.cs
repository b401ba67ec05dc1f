namespace PciBackFlow.Cli.Terminal;

/// <summary>Whether a failure is shown with where it happened.</summary>
internal static class StackTraces
{
    /// <summary>The environment variable that asks for them with 1.</summary>
    public const string Variable = "PCIBACKFLOW_DEBUG";

    /// <summary>Whether somebody has asked.</summary>
    public static bool AreWanted => Environment.GetEnvironmentVariable(Variable) == "1";
}

namespace PciBackFlow.Cli.Terminal;

/// <summary>How the program ends; scripts rely on these numbers.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>What was asked for failed; stderr says what, why, and what to do.</summary>
    public const int Failed = 1;

    /// <summary>The words on the command line are off.</summary>
    public const int WrongWords = 2;

    /// <summary>Refused for safety; the message names the risk.</summary>
    public const int Refused = 3;
}

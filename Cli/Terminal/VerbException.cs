namespace PciBackFlow.Cli.Terminal;

/// <summary>A verb cannot do what was asked: what, why, and what the user can do about it. Becomes lines on stderr and an exit code.</summary>
public sealed class VerbException : Exception
{
    /// <summary>A failure with exit code 1.</summary>
    /// <param name="what">What failed: <c>cannot read dump.txt</c>.</param>
    /// <param name="why">The reason: <c>it does not exist</c>.</param>
    /// <param name="advice">What to do; null when nothing helps.</param>
    /// <param name="cause">The exception behind it, for PCIBACKFLOW_DEBUG.</param>
    public VerbException(string what, string why, string? advice = null, Exception? cause = null)
        : base($"{what}: {why}", cause)
        => Advice = advice;

    /// <summary>What the user can do; null when nothing helps.</summary>
    public string? Advice { get; }

    /// <summary>The exit code it ends the program with.</summary>
    public int Code { get; init; } = ExitCode.Failed;
}

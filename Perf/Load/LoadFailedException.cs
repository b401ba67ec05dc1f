namespace PciBackFlow.Perf.Load;

/// <summary>A run could not begin: no function fits, or a guest did not connect. The message says what, why and what to do.</summary>
public sealed class LoadFailedException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">For a person.</param>
    public LoadFailedException(string message)
        : base(message)
    {
    }
}

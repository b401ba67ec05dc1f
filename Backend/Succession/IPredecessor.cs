namespace PciBackFlow.Backend.Succession;

/// <summary>What a daemon does when another one is to follow it. Called in this order by one task at a time.</summary>
public interface IPredecessor
{
    /// <summary>Takes no commands any more, and lets those under way end. Guests are served on.</summary>
    /// <returns>Null, or why nobody may follow now; then commands are taken as before.</returns>
    Task<string?> QuietAsync();

    /// <summary>Serves nobody any more, and lets go of everything that one daemon at a time may have.</summary>
    /// <returns>When the first guest was not served any more, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> has it.</returns>
    long Release();

    /// <summary>The successor serves, and hears next that it may. Must not fail.</summary>
    /// <param name="process">Its process.</param>
    void Succeeded(int process);

    /// <summary>The successor hangs: it must not serve later on, beside this one.</summary>
    /// <param name="process">Its process.</param>
    void EndSuccessor(int process);

    /// <summary>After <see cref="Release"/>: nobody followed. Guests are served again when it returns.</summary>
    void Resume();

    /// <summary>After <see cref="QuietAsync"/>: takes commands again.</summary>
    Task ListenAsync();
}

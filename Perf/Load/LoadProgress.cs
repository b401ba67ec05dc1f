namespace PciBackFlow.Perf.Load;

/// <summary>How a load run is getting on; a new one about once a second.</summary>
/// <param name="Phase">Where the run is.</param>
/// <param name="Seconds">Since the phase began.</param>
/// <param name="GuestsReady">Guests that have found their function.</param>
/// <param name="Operations">Answers in the measured window so far.</param>
/// <param name="OperationsPerSecond">Answers per second since the last report.</param>
/// <param name="MaxNanoseconds">Longest latency since the last report.</param>
/// <param name="Errors">Errors since the run began.</param>
public readonly record struct LoadProgress(
    LoadPhase Phase,
    double Seconds,
    int GuestsReady,
    long Operations,
    double OperationsPerSecond,
    long MaxNanoseconds,
    long Errors);

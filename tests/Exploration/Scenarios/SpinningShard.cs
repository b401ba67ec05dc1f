using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// A shard that goes on looking at one lane's page for far longer than its peer pauses: who asks on another lane meanwhile does not wait for the end of it.
/// </summary>
public sealed class SpinningShard : EngineScenario
{
    private const int SpinMilliseconds = 600;

    // Time goes on where all wait, to the next time limit: the hot peer's pause, or the watchdog's look 50 ms later.
    private const int MostMilliseconds = 150;

    private protected override int Lanes => 2;

    private protected override EngineOptions Options => base.Options with { SpinMicroseconds = SpinMilliseconds * 1000 };

    private protected override void Act()
    {
        AskRight(0, 1);
        Peer("cold", () =>
        {
            long began = Stopwatch.GetTimestamp();
            AskRight(1, 1);
            double took = (Stopwatch.GetTimestamp() - began) * 1000.0 / Stopwatch.Frequency;
            Check(took < MostMilliseconds, $"who asks beside a hot lane waits {took:0} ms");
        });
        for (int request = 2; request <= 4; request++)
        {
            Thread.Sleep(1);
            AskRight(0, request, request == 3 ? ToyWork.Offloaded : ToyWork.Plain);
        }
    }
}

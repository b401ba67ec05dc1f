namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// Control work for a shard that goes to sleep whenever it can: each action runs once and between two requests, and wakes it at most once.
/// </summary>
public sealed class InvokedShard : EngineScenario
{
    private bool _running;
    private int _ran;

    private protected override void Act()
    {
        Peer("caller 0", CallTwice);
        Peer("caller 1", CallTwice);
        AskRight(0, 1);
    }

    private protected override void Settle()
    {
        Check(_ran == 4, $"{_ran} of 4 actions ran");
        base.Settle();
    }

    private void CallTwice()
    {
        for (int i = 0; i < 2; i++)
        {
            Engine.Invoke(0, () =>
            {
                Check(!_running, "two actions ran at once");
                _running = true;
                Thread.Yield();
                _running = false;
                _ran++;
            });
        }
    }
}

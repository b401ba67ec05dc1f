namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>Control work meets the engine's end: it runs or is refused, and nobody waits for ever.</summary>
public sealed class EndingEngine : EngineScenario
{
    private int _ran;
    private int _refused;

    private protected override void Act()
    {
        for (int i = 0; i < 2; i++)
        {
            Peer($"caller {i}", () =>
            {
                try
                {
                    Engine.Invoke(0, () => _ran++);
                }
                catch (ObjectDisposedException)
                {
                    _refused++;
                }
            });
        }

        Source.IsEnding = true;
        Engine.Dispose();
    }

    private protected override void Settle() => Check(_ran + _refused == 2, $"{_ran} actions ran and {_refused} were refused, of 2");
}

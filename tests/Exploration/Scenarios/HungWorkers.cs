using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>
/// Two workers hang past their deadlines where one may be replaced. What hangs costs the others nothing, and its own lane nothing that lasts: its next item is
/// served when its worker is replaced, which for the second is when the first has come back.
/// </summary>
public sealed class HungWorkers : EngineScenario
{
    private protected override int Lanes => 3;

    private protected override EngineOptions Options => base.Options with { MostHanging = 1 };

    private protected override void Act()
    {
        AskInVain(0, 1, ToyWork.OffloadedGated);

        // Its worker is replaced about now. Until then this one waits aside.
        AskRight(0, 2, ToyWork.Offloaded);
        AskInVain(1, 1, ToyWork.OffloadedGated);
        AskRight(2, 1, ToyWork.Offloaded);

        // Its worker is not replaced, so the share is taken, and there is nobody else for it.
        AskInVain(1, 2, ToyWork.Offloaded);
        long replaced = Engine.ReadCounters().ReplacedWorkers;
        Check(replaced == 1, $"{replaced} workers were replaced where one may be");
        AskRight(2, 2, ToyWork.Offloaded);

        // With the first one back the second can be replaced, and what waits aside is its successor's first item.
        Pages[0].Gate.Set();
        AskRight(1, 3, ToyWork.Offloaded);
        replaced = Engine.ReadCounters().ReplacedWorkers;
        Check(replaced == 2, $"{replaced} workers were replaced, one after the other had come back");
        Pages[1].Gate.Set();
    }

    private protected override void Settle()
    {
        AwaitLateResults();
        AskRight(0, 4, ToyWork.Offloaded);
        AskRight(1, 4, ToyWork.Offloaded);
    }

    private void AskInVain(int lane, int request, ToyWork work)
    {
        int answer = Ask(lane, request, work);
        Check(answer == ToyPage.Failed, $"request {request} on lane {lane} was answered {answer}, and its worker hangs");
    }
}

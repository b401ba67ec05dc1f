using PciBackFlow.Backend.Guests;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>XSA-43 for the control plane: what a guest does to its state costs the host a bounded number of lines.</summary>
public sealed class LogFloodTests
{
    [Fact]
    public void A_guest_that_connects_and_closes_without_pause_writes_a_bounded_number_of_lines()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        using SmallFrontend frontend = new(bench, 7);
        for (int round = 0; round < 40; round++)
        {
            bench.AwaitState(7, 3);
            frontend.Publish();
            bench.AwaitState(7, 4);
            frontend.Write("state", "6");
            bench.AwaitState(7, 6);
            frontend.Write("state", "1");
        }

        bench.AwaitState(7, 3);

        // A slow machine may see two windows.
        Assert.InRange(bench.Lines.Texts.Count(), 10, 2 * Guest.LogLines + 20);
    }
}

using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Linux;

public sealed class NiceThreadTests
{
    [Fact]
    public void A_thread_that_lowers_itself_leaves_the_others_as_they_are()
    {
        int before = LinuxCalls.GetPriority(LinuxCalls.OfProcess, LinuxCalls.Own);
        int once = 0;
        int often = 0;
        Thread thread = new(() =>
        {
            NiceThread.LowerOwn();
            once = LinuxCalls.GetPriority(LinuxCalls.OfProcess, LinuxCalls.Own);
            NiceThread.LowerOwn();
            NiceThread.LowerOwn();
            often = LinuxCalls.GetPriority(LinuxCalls.OfProcess, LinuxCalls.Own);
        });
        thread.Start();
        thread.Join();

        Assert.Equal(Math.Min(19, before + NiceThread.Step), once);
        Assert.Equal(19, often);
        Assert.Equal(before, LinuxCalls.GetPriority(LinuxCalls.OfProcess, LinuxCalls.Own));
    }
}

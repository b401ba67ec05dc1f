using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Linux;

public sealed class ThreadSliceTests
{
    [Fact]
    public void A_thread_that_shortens_its_slice_leaves_the_others_theirs()
    {
        long before = ThreadSlice.ReadOwn();
        Assert.SkipWhen(before == 0, "this kernel says nothing of slices (Linux before 6.12, or refused)");
        long shortened = 0;
        Thread thread = new(() =>
        {
            ThreadSlice.ShortenOwn();
            shortened = ThreadSlice.ReadOwn();
        });
        thread.Start();
        thread.Join();

        Assert.Equal(ThreadSlice.Shortest, shortened);
        Assert.Equal(before, ThreadSlice.ReadOwn());
    }
}

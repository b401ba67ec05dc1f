using System.Diagnostics;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Tests.Frontends;

/// <summary>How each frontend waits, on a page that the test answers by hand and with a clock that the test moves.</summary>
public sealed class FrontendWaitingTests : IDisposable
{
    private static readonly long s_second = Stopwatch.Frequency;
    private static readonly FrontendRequest s_read = FrontendRequest.Read(devfn: 8, offset: 0x10, size: 4);

    private readonly HandDrivenBackend _backend = new();

    public void Dispose() => _backend.Dispose();

    [Fact]
    public void A_request_lies_at_the_offsets_of_the_public_header_before_the_flag_is_set()
    {
        var frontend = new LinuxFrontend(_backend.Page, _backend, 5, FrontendTiming.Linux);
        var request = new FrontendRequest { Command = 1, Domain = 2, Bus = 3, Devfn = 4, Offset = -5, Size = 6, Value = 0xFFFFFFF9, Info = 8 };
        frontend.Post(in request, 0);

        Assert.Equal([1, 0, 2, 3, 4, -5, 6, -7, 8], Enumerable.Range(1, 9).Select(i => _backend.At(4 * i)));
        Assert.Equal(0x3, _backend.Flags);
        Assert.Equal(1, _backend.Notifications);
    }

    [Fact]
    public void A_new_page_says_that_its_frontend_can_serve_aer() => Assert.Equal(0x2, _backend.Flags);

    [Fact]
    public void Linux_takes_the_answer_when_an_event_wakes_it()
    {
        LinuxFrontend frontend = Linux();
        _backend.Answer(0, 0x1234);

        Assert.Equal(FrontendOutcome.Waiting, frontend.Look(1, signalled: false));
        Assert.Equal(FrontendOutcome.Answered, frontend.Look(2, signalled: true));
        Assert.Equal(new FrontendAnswer(0, 0x1234, 0), frontend.Answer);
        Assert.False(frontend.IsWaiting);
    }

    [Fact]
    public void Linux_sleeps_on_after_an_event_without_an_answer()
    {
        LinuxFrontend frontend = Linux();

        Assert.Equal(FrontendOutcome.Waiting, frontend.Look(s_second, signalled: true));
        Assert.Equal(FrontendOutcome.Waiting, frontend.Look((3 * s_second) + 1, signalled: false));
    }

    [Fact]
    public void Linux_gives_up_when_an_event_comes_after_two_seconds_even_though_the_answer_is_there()
    {
        LinuxFrontend frontend = Linux();
        _backend.Answer(0, 0x1234);

        Assert.Equal(FrontendOutcome.GaveUp, frontend.Look((2 * s_second) + 1, signalled: true));
        Assert.Equal(-1, frontend.Answer.Status);
    }

    [Fact]
    public void Linux_without_any_event_gives_up_after_three_seconds_clears_the_flag_itself_and_uses_the_slot_again()
    {
        LinuxFrontend frontend = Linux();

        Assert.Equal(FrontendOutcome.Waiting, frontend.Look((3 * s_second) - 1, signalled: false));
        Assert.Equal(0x3, _backend.Flags);
        Assert.Equal(FrontendOutcome.GaveUp, frontend.Look(3 * s_second, signalled: false));
        Assert.Equal(0x2, _backend.Flags);
        Assert.Equal(1, frontend.GivenUp);

        frontend.Post(FrontendRequest.Read(0, 0x3C, 1), 3 * s_second);
        Assert.Equal(0x3, _backend.Flags);
        Assert.Equal(0x3C, _backend.At(24));
        _backend.Answer(0, 0x0B);
        Assert.Equal(FrontendOutcome.Answered, frontend.Look((3 * s_second) + 1, signalled: true));
        Assert.Equal(0x0Bu, frontend.Answer.Value);
    }

    [Fact]
    public void Linux_copies_the_whole_request_back_and_into_the_next_one()
    {
        LinuxFrontend frontend = Linux();
        _backend.At(548) = 0x5A5A;
        _backend.Answer(0, 1);
        frontend.Look(1, signalled: true);
        _backend.At(548) = 0;
        frontend.Post(in s_read, 2);

        Assert.Equal(0x5A5A, _backend.At(548));
    }

    [Fact]
    public void NetBsd_sees_the_flag_without_an_event_and_never_gives_up()
    {
        var frontend = new NetBsdFrontend(_backend.Page, _backend, 5);
        frontend.Post(in s_read, 0);

        Assert.Equal(FrontendOutcome.Waiting, frontend.Look(3600 * s_second, signalled: true));
        _backend.Answer(-2, 0);
        Assert.Equal(FrontendOutcome.Answered, frontend.Look(3601 * s_second, signalled: false));
        Assert.Equal(-2, frontend.Answer.Status);
    }

    [Fact]
    public void MiniOs_looks_only_after_an_event_and_never_gives_up()
    {
        var frontend = new MiniOsFrontend(_backend.Page, _backend, 5);
        frontend.Post(in s_read, 0);
        _backend.Answer(0, 7);

        Assert.Equal(FrontendOutcome.Waiting, frontend.Look(3600 * s_second, signalled: false));
        Assert.Equal(FrontendOutcome.Answered, frontend.Look(3601 * s_second, signalled: true));
    }

    [Fact]
    public void Nothing_is_found_when_nothing_was_asked()
    {
        var frontend = new MiniOsFrontend(_backend.Page, _backend, 5);

        Assert.Equal(FrontendOutcome.Waiting, frontend.Look(1, signalled: true));
    }

    [Fact]
    public void A_request_and_its_answer_allocate_nothing()
    {
        LinuxFrontend frontend = Linux();
        _backend.Answer(0, 1);
        frontend.Look(1, signalled: true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            frontend.Post(in s_read, i);
            _backend.Answer(0, 1);
            frontend.Look(i, signalled: true);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private LinuxFrontend Linux()
    {
        var frontend = new LinuxFrontend(_backend.Page, _backend, 5, FrontendTiming.Linux);
        frontend.Post(in s_read, 0);
        return frontend;
    }
}

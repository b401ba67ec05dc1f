using System.Diagnostics;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>A guest that asks without a pause, compares each answer, and knows how long it waited at most.</summary>
internal sealed class AskingGuest : IDisposable
{
    private readonly SmallFrontend _frontend;
    private readonly Thread _thread;
    private long _longest;
    private long _asked;
    private volatile bool _isOver;
    private volatile string? _wrong;

    public AskingGuest(SmallFrontend frontend)
    {
        _frontend = frontend;
        _thread = new(Run) { IsBackground = true, Name = "guest" };
        _thread.Start();
    }

    public long Asked => Volatile.Read(ref _asked);

    public TimeSpan Longest => TimeSpan.FromSeconds((double)Volatile.Read(ref _longest) / Stopwatch.Frequency);

    public void AwaitMore(int requests = 100)
    {
        long before = Asked;
        Bench.Eventually(() => Asked >= before + requests || _wrong is not null, "it is served");
        Assert.Null(_wrong);
    }

    /// <summary>Forgets how long it waited so far.</summary>
    public void Forget() => Volatile.Write(ref _longest, 0);

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
        Assert.Null(_wrong);
    }

    private void Run()
    {
        try
        {
            while (!_isOver)
            {
                long began = Stopwatch.GetTimestamp();
                (PciOpStatus status, uint value) = _frontend.Read(0, 0, 4);
                long took = Stopwatch.GetTimestamp() - began;
                if ((status, value) != (PciOpStatus.Success, 0x10FB_8086u))
                {
                    _wrong = $"{status}, 0x{value:x8} after {_asked} requests";
                    return;
                }

                Volatile.Write(ref _longest, Math.Max(_longest, took));
                Volatile.Write(ref _asked, _asked + 1);
            }
        }
        catch (Exception e)
        {
            _wrong = e.Message;
        }
    }
}

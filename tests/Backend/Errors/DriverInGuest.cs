using System.Collections.Concurrent;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>A guest's drivers: a thread that answers what their frontend is asked about errors, as a test says.</summary>
internal sealed class DriverInGuest : IDisposable
{
    private readonly SmallFrontend _frontend;
    private readonly Func<RecoveryRequest, int?> _answer;
    private readonly Thread _thread;
    private volatile bool _isOver;

    /// <param name="frontend">The frontend, connected.</param>
    /// <param name="answer">What is answered; null for no answer: it looks again.</param>
    public DriverInGuest(SmallFrontend frontend, Func<RecoveryRequest, int?> answer)
    {
        _frontend = frontend;
        _answer = answer;
        frontend.AnnounceAerHandler();
        _thread = new(Run) { IsBackground = true, Name = "guest's drivers" };
        _thread.Start();
    }

    /// <summary>What was asked, in order: step, channel, slot. Once for each answer, and once for each that was not answered.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>One step in words: <c>6 frozen 00</c>.</summary>
    public static string InWords(RecoveryRequest request)
    {
        string channel = request.State switch
        {
            ChannelState.Normal => "normal",
            ChannelState.Frozen => "frozen",
            ChannelState.PermanentFailure => "dead",
            _ => $"{(uint)request.State:x}",
        };
        return $"{(uint)request.Command} {channel} {request.Devfn:x2}";
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }

    private void Run()
    {
        RecoveryRequest? unanswered = null;
        while (!_isOver)
        {
            if (!_frontend.TryReadRecovery(out RecoveryRequest request))
            {
                unanswered = null;
                Thread.Sleep(1);
                continue;
            }

            if (unanswered is null)
            {
                Asked.Enqueue(InWords(request));
            }

            if (_answer(request) is { } verdict)
            {
                unanswered = null;
                _frontend.AnswerRecovery(verdict);
            }
            else
            {
                unanswered = request;
                Thread.Sleep(1);
            }
        }
    }
}

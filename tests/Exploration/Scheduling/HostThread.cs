using System.Collections.Concurrent;

namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>A real thread that carries one scheduled thread after the other: starting one costs more than a whole schedule.</summary>
internal sealed class HostThread
{
    private static readonly ConcurrentBag<HostThread> Idle = [];

    private readonly Baton _given = new();
    private Action? _body;

    private HostThread() => new Thread(RunLoop) { IsBackground = true, Name = "scheduled" }.Start();

    internal static void Run(Action body)
    {
        if (!Idle.TryTake(out HostThread? host))
        {
            host = new HostThread();
        }

        host._body = body;
        host._given.Give();
    }

    private void RunLoop()
    {
        while (true)
        {
            _given.Await();
            _body!();
            Idle.Add(this);
        }
    }
}

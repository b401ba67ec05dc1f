using System.Diagnostics;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.LabProbe.Frontend;

/// <summary>Anything written all over the page while the backend reads it, and events without end.</summary>
internal static class PageNoise
{
    private const int WordsBetweenEvents = 32;
    private const int PageWords = 1024;

    /// <summary>Makes noise, then closes as it should be done.</summary>
    /// <param name="seconds">For how long.</param>
    public static unsafe void Make(int seconds)
    {
        using var frontend = new ConnectedFrontend();
        var random = new Random(20_261);
        uint* words = (uint*)frontend.Address;
        long start = Stopwatch.GetTimestamp();
        long events = 0;
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(seconds))
        {
            for (int i = 0; i < WordsBetweenEvents; i++)
            {
                // Half of it where requests are; of those most with a number that means something.
                int word = random.Next(2) == 0 ? random.Next(PageWords) : random.Next(12);
                Volatile.Write(ref words[word], random.Next(4) == 0 ? (uint)random.NextInt64() : (uint)random.Next(16));
            }

            Interlocked.Or(ref *(int*)words, 1);
            frontend.Channels.Notify(frontend.Port);
            events++;
        }

        Console.WriteLine($"{events} events, {events * WordsBetweenEvents} words");
        frontend.Page.Withdraw();
        FrontendAnswer answer = frontend.Ask(FrontendRequest.Read(frontend.Keys.FirstFunction, 0, 4));
        Console.WriteLine($"then: {answer.Value:x8}, status {answer.Status}");
        if (answer is not { Status: 0, Value: not uint.MaxValue })
        {
            throw new InvalidOperationException("no request is served after the noise");
        }

        frontend.Close();
    }
}

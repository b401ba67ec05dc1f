using System.Threading.Channels;

namespace PciBackFlow.Cli.Top;

/// <summary>What is pressed at the terminal.</summary>
internal static class TopKeys
{
    /// <summary>Reads keys from now on, for as long as the process lives; while it does, the terminal shows none of them.</summary>
    public static ChannelReader<char> Read()
    {
        var keys = Channel.CreateUnbounded<char>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        Thread thread = new(() =>
        {
            while (true)
            {
                keys.Writer.TryWrite(Console.ReadKey(intercept: true).KeyChar);
            }
        }) { IsBackground = true, Name = "keys" };
        thread.Start();
        return keys.Reader;
    }
}

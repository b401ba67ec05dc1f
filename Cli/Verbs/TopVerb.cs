using System.CommandLine;
using System.Threading.Channels;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Top;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>top</c>: what the running daemon does, again and again.</summary>
internal sealed class TopVerb
{
    private const double MostSeconds = 3600;

    // Nobody waits two seconds before an empty screen.
    private static readonly TimeSpan FirstTime = TimeSpan.FromSeconds(1);

    private readonly CliConsole _console;
    private readonly DaemonClient _daemon;
    private readonly Option<double> _delay = Words.Seconds("-d", "time between two refreshes", MostSeconds, 2);
    private readonly Option<bool> _batch = Words.Flag("-b", "print refreshes one behind the other, without keys; so it does where the output is no terminal");
    private readonly Option<int?> _count = Words.OptionalNumber("-n", "COUNT", "end after so many refreshes", 1, int.MaxValue);
    private readonly Option<bool> _json = Words.Flag("--json", "print one JSON document for each refresh, on a line of its own");

    private TopVerb(CliConsole console)
    {
        _console = console;
        _daemon = new(console);
    }

    public static Verb Create(CliConsole console)
    {
        TopVerb verb = new(console);
        var command = new Command("top", "the running daemon, live: requests per second of each guest, what shards do; q ends it, h tells the other keys")
        {
            verb._delay, verb._batch, verb._count, verb._json,
        };
        verb._daemon.AddTo(command);
        command.SetAction(verb.Run);
        return new Verb(command, "pcibackflow top", "pcibackflow top -b -n 1", "pcibackflow top --json -d 10 | jq '.requests_per_second'");
    }

    private int Run(ParseResult parsed)
    {
        bool isLive = _console.OutputIsTerminal && !Console.IsInputRedirected && !parsed.GetValue(_batch) && !parsed.GetValue(_json);
        ChannelReader<char>? keys = isLive ? TopKeys.Read() : null;
        _console.EndWithReader();
        using TopView view = new(_console.Output, keys, static () => Console.WindowHeight, parsed.GetValue(_json));
        return _daemon.Ask(parsed, "read the status", (client, cancel) => Look(client, view, parsed, cancel));
    }

    private async Task<int> Look(ControlClient client, TopView view, ParseResult parsed, CancellationToken cancel)
    {
        var delay = TimeSpan.FromSeconds(parsed.GetValue(_delay));
        TimeSpan wait = delay < FirstTime ? delay : FirstTime;
        try
        {
            StatusReport before = await client.StatusAsync(cancel).ConfigureAwait(false);
            for (int count = parsed.GetValue(_count) ?? int.MaxValue; count > 0; count--)
            {
                await view.WaitAsync(wait, cancel).ConfigureAwait(false);
                if (view.IsOver)
                {
                    break;
                }

                StatusReport now = await client.StatusAsync(cancel).ConfigureAwait(false);
                view.Show(TopReport.Of(before, now));
                (before, wait) = (now, delay);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Ctrl-C is another way to end it.
        }

        return ExitCode.Done;
    }
}

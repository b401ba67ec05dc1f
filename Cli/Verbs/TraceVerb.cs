using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>trace</c>: what guests ask for and get, live or out of a file.</summary>
internal sealed class TraceVerb
{
    private readonly CliConsole _console;
    private readonly DaemonClient _daemon;
    private readonly Option<bool> _denied = Words.Flag("--denied", "only writes of which policy denied something");
    private readonly Option<string?> _domain = Words.Text("--domain", "DOM", "only this guest's, by id or name; in a file by id");
    private readonly Option<string?> _device = Words.Text("--device", "DEVICE", "only those for this device of the host; in a file by address");
    private readonly Option<string?> _operation = Words.OptionalChoice("--operation", "only this operation", [.. TraceOperations.All]);
    private readonly Option<string?> _from = Words.Text("--from", "FILE", "read a saved trace instead of the daemon's");
    private readonly Option<string?> _save = Words.Text("--save", "FILE", "write it to a file, for learn, replay and load, instead of printing it");
    private readonly Option<int?> _count = Words.OptionalNumber("--count", "N", "end after so many requests", 1, int.MaxValue);
    private readonly Option<bool> _json = Words.Flag("--json", "print a JSON object on each line");

    private TraceVerb(CliConsole console)
    {
        _console = console;
        _daemon = new(console);
    }

    public static Verb Create(CliConsole console)
    {
        TraceVerb verb = new(console);
        var command = new Command("trace", "every request of the guests, or only the denied ones, as they are answered; Ctrl-C ends it")
        {
            verb._denied, verb._domain, verb._device, verb._operation, verb._from, verb._save, verb._count, verb._json,
        };
        verb._daemon.AddTo(command);
        command.Validators.Add(verb.Validate);
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow trace --denied",
            "pcibackflow trace --domain demo1 --save start-up.trace",
            "pcibackflow trace --from start-up.trace --operation write",
            "pcibackflow trace --json | jq 'select(.total_ns > 1000000)'");
    }

    private void Validate(CommandResult result)
    {
        if (Given(_save) && Given(_json))
        {
            result.AddError($"{_save.Name} and {_json.Name} exclude each other: a saved trace has a format of its own, which {_from.Name} prints");
        }

        bool Given(Option option) => result.GetResult(option) is { Implicit: false };
    }

    private int Run(ParseResult parsed)
    {
        if (parsed.GetValue(_save) is null)
        {
            _console.EndWithReader();
        }

        if (parsed.GetValue(_from) is { } file)
        {
            TraceFilter filter = FilterOfFile(parsed);
            using FileStream stream = TraceFile.Open(file);
            Copy(parsed, stream, file, filter, _console.CatchInterruption()).GetAwaiter().GetResult();
            return ExitCode.Done;
        }

        // What the daemon answers at first may be a refusal; what comes after that is the trace, until somebody ends it.
        CancellationToken interruption = default;
        using Stream? live = _daemon.Ask(parsed, "read the trace", (client, cancel) =>
        {
            interruption = cancel;
            return Open(client, parsed, cancel);
        });
        if (live is null)
        {
            return ExitCode.Done;
        }

        Copy(parsed, live, "the daemon's trace", new TraceFilter(), interruption).GetAwaiter().GetResult();
        return ExitCode.Done;
    }

    private async Task<Stream?> Open(ControlClient client, ParseResult parsed, CancellationToken cancel)
    {
        List<string> query = [];
        if (parsed.GetValue(_denied))
        {
            query.Add("denied=true");
        }

        foreach ((string key, Option<string?> option) in new[] { ("domain", _domain), ("device", _device), ("operation", _operation) })
        {
            if (parsed.GetValue(option) is { } word)
            {
                query.Add($"{key}={Uri.EscapeDataString(word)}");
            }
        }

        try
        {
            return await client.TraceAsync(string.Join('&', query), cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Ctrl-C is how a trace ends, also before it has begun.
            return null;
        }
    }

    private TraceFilter FilterOfFile(ParseResult parsed)
    {
        int? domain = null;
        if (parsed.GetValue(_domain) is { } word)
        {
            domain = int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new VerbException($"no domain '{word}'", "a trace knows guests by their ids", $"Give a number to {_domain.Name}.")
            {
                Code = ExitCode.WrongWords,
            };
        }

        PciAddress? host = null;
        if (parsed.GetValue(_device) is { } device)
        {
            host = PciAddress.TryParse(device, out PciAddress address, out _, out string? reason)
                ? address
                : throw new VerbException($"no device '{device}'", $"a trace knows devices by their addresses: {reason}", null) { Code = ExitCode.WrongWords };
        }

        return new(parsed.GetValue(_denied), domain, host, parsed.GetValue(_operation));
    }

    private async Task Copy(ParseResult parsed, Stream source, string name, TraceFilter filter, CancellationToken interruption)
    {
        bool json = parsed.GetValue(_json);
        using FileStream? save = OutputFile.OpenBinary(parsed.GetValue(_save));
        int most = parsed.GetValue(_count) ?? int.MaxValue;
        int count = 0;
        long missing = 0;
        try
        {
            using BufferedStream buffered = new(source, 1 << 16);
            TraceReader reader = await TraceReader.OpenAsync(buffered, interruption).ConfigureAwait(false);
            save?.Write(reader.Header.Span);
            TraceDecoder decoder = new();
            while (count < most)
            {
                ValueTask<ReadOnlyMemory<byte>> reading = reader.ReadAsync(interruption);
                if (!reading.IsCompleted)
                {
                    // Nothing more for now: what has come is shown.
                    _console.Output.Flush();
                    save?.Flush();
                }

                ReadOnlyMemory<byte> record = await reading.ConfigureAwait(false);
                if (record.IsEmpty)
                {
                    break;
                }

                TraceEvent? item = decoder.Read(record.Span);
                if (item is { IsGap: false } && !filter.Matches(item.Record))
                {
                    continue;
                }

                save?.Write(record.Span);
                if (item is null)
                {
                    continue;
                }

                count += item.IsGap ? 0 : 1;
                missing = item.AddMissing(missing);
                if (save is null)
                {
                    _console.Output.WriteLine(json ? TraceJson.Line(item, reader.Epoch) : TraceText.Line(item, reader.Epoch));
                }
            }
        }
        catch (OperationCanceledException) when (interruption.IsCancellationRequested)
        {
            // Ctrl-C is how a trace ends.
        }
        catch (TraceFormatException wrong)
        {
            _console.Output.Flush();
            throw TraceFile.Refused(name, wrong);
        }

        if (save is not null)
        {
            _console.Remark($"{count} requests saved in {save.Name}");
        }

        if (missing > 0)
        {
            _console.Remark($"{missing} requests are missing: too many came at once; a filter makes it fewer");
        }
    }
}

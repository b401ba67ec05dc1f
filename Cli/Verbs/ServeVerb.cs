using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Control;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Serve;
using PciBackFlow.Pipeline;
using Spectre.Console;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>serve</c>: the daemon.</summary>
internal sealed class ServeVerb
{
    private readonly CliConsole _console;
    private readonly Option<string?> _config =
        Words.Text("--config", "FILE", $"the configuration (JSON) [default: {DaemonConfiguration.DefaultPath}; absent: all defaults]");
    private readonly Option<string?> _platform =
        Words.OptionalChoice("--platform", "what to serve on [default: detected]", DaemonPlatform.Xen, DaemonPlatform.Loopback);
    private readonly Option<string?> _topology =
        Words.OptionalChoice("--topology", "how the stages lie over threads [default: fused]", [.. DaemonConfiguration.Topologies]);
    private readonly Option<int> _shards = Words.AutoOrNumber("--shards", "auto|N", "threads that serve guests [default: auto]", DaemonConfiguration.MaxShards);
    private readonly Option<int?> _spin = Words.OptionalNumber(
        "--spin", "USEC", "how long a shard keeps looking before it blocks, in microseconds [default: 20]", 0, DaemonConfiguration.MaxSpin);
    private readonly Option<string?> _slots =
        Words.OptionalChoice("--slots", "how host addresses become guest addresses [default: vpci]", "vpci", "passthrough");
    private readonly Option<string?> _state = Words.Text(
        "--state", "DIR", $"what outlives a boot: the hide list, original drivers [default: {DaemonConfiguration.DefaultStateDirectory}]");
    private readonly Option<string?> _run = Words.Text(
        "--run", "DIR", $"what belongs to this boot: lock, journal, control socket [default: {DaemonConfiguration.DefaultRunDirectory}]");
    private readonly Option<bool> _takeOver =
        Words.Flag("--take-over", "follow the daemon that serves, under its guests; that one goes on should this one fail");
    private readonly Option<bool> _check = Words.Flag("--check", "check the configuration, print it with the origin of each value, and end");
    private readonly Option<bool> _json = Words.Flag("--json", "with --check: print a JSON array instead of a table");

    private ServeVerb(CliConsole console) => _console = console;

    public static Verb Create(CliConsole console)
    {
        var verb = new ServeVerb(console);
        var command = new Command("serve", "the daemon: on Xen the backend of every guest; elsewhere the same over a machine in memory")
        {
            verb._config, verb._platform, verb._topology, verb._shards, verb._spin, verb._slots, verb._state,
            verb._run, verb._takeOver, verb._check, verb._json,
        };
        command.Validators.Add(verb.Validate);
        command.SetAction(verb.Run);
        return new Verb(
            command,
            "pcibackflow serve --check",
            "pcibackflow serve --platform loopback --run $XDG_RUNTIME_DIR/pcibackflow",
            "sudo systemctl start pcibackflow",
            "sudo pcibackflow serve --take-over");
    }

    private void Validate(CommandResult result)
    {
        if (result.GetResult(_json) is { Implicit: false } && result.GetResult(_check) is not { Implicit: false })
        {
            result.AddError($"{_json.Name} goes with {_check.Name}: a daemon prints one line, 'ready'");
        }
    }

    private int Run(ParseResult parsed)
    {
        var options = new DaemonOptions
        {
            Platform = parsed.GetValue(_platform),
            Topology = parsed.GetValue(_topology),
            Shards = parsed.GetResult(_shards) is { Implicit: false } ? parsed.GetValue(_shards) : null,
            Spin = parsed.GetValue(_spin),
            Slots = parsed.GetValue(_slots),
            State = parsed.GetValue(_state),
            Run = parsed.GetValue(_run),
        };
        DaemonSettings settings = DaemonConfiguration.Load(parsed.GetValue(_config), options, DaemonPlatform.Detect);
        if (!parsed.GetValue(_check))
        {
            Daemon.Run(settings, parsed.GetValue(_takeOver), _console, _console.CatchInterruption());
        }
        else if (parsed.GetValue(_json))
        {
            CliJson.Write(_console.Output, settings.Reports);
        }
        else
        {
            SettingTable.Write(_console, settings.Reports);
        }

        return ExitCode.Done;
    }
}

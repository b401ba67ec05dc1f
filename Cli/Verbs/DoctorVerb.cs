using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Doctor;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Serve;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>doctor</c>: everything that would stop a passthrough, found before it does.</summary>
internal sealed class DoctorVerb
{
    private readonly CliConsole _console;
    private readonly DaemonClient _daemon;
    private readonly SourceOptions _source = new();
    private readonly Option<bool> _json = Words.Flag("--json", "print one JSON object instead of a table");
    private readonly Option<string?> _config =
        Words.Text("--config", "FILE", $"the daemon's configuration, for its refusals and state directory [default: {DaemonConfiguration.DefaultPath}]");
    private readonly Argument<DeviceSelector?> _device =
        Words.DeviceArgument("BDF", "a device, to see what an attach of it would say; without it the host, and the devices that are held");

    private DoctorVerb(CliConsole console)
    {
        _console = console;
        _daemon = new(console);
        _device.Arity = ArgumentArity.ZeroOrOne;
    }

    public static Verb Create(CliConsole console)
    {
        var verb = new DoctorVerb(console);
        var command = new Command("doctor", "find what would stop a passthrough before it does: the host, the daemon, and devices")
        {
            verb._device,
            verb._json,
            verb._config,
        };
        verb._source.AddTo(command);
        verb._daemon.AddTo(command);
        command.Validators.Add(verb.Validate);
        command.SetAction(verb.Run);
        return new Verb(
            command, "sudo pcibackflow doctor", "sudo pcibackflow doctor 03:00.0", "pcibackflow doctor --builtin e1000e",
            "pcibackflow doctor --json | jq '.findings[] | select(.severity == \"refusal\")'");
    }

    private void Validate(CommandResult result)
    {
        if (result.GetResult(_device) is { Tokens.Count: > 0 } && _source.IsGiven(result))
        {
            result.AddError("name the device either by BDF or by a source: doctor looks at one of them");
        }
    }

    private int Run(ParseResult parsed)
    {
        DoctorReport report = _source.IsCapture(parsed) ? OfCapture(parsed) : OfHost(parsed);
        if (parsed.GetValue(_json))
        {
            CliJson.Write(_console.Output, report);
        }
        else
        {
            DoctorText.Write(_console, report);
        }

        return report.IsRefused ? ExitCode.Refused : report.IsBlind ? ExitCode.Failed : ExitCode.Done;
    }

    private DoctorReport OfCapture(ParseResult parsed)
    {
        List<DeviceReport> devices = [];
        SourceFunction[] functions = [.. _source.Resolve(parsed, _console).Functions];
        CaptureRemarks.Say(_console, functions);
        foreach (SourceFunction one in functions)
        {
            using IPciFunction function = one.Open();
            devices.Add(DeviceReports.Of(function, one.Description).Named(PciIds.Installed));
        }

        return Diagnosis.Of(devices);
    }

    private DoctorReport OfHost(ParseResult parsed)
    {
        DaemonSettings settings = DaemonConfiguration.Load(parsed.GetValue(_config), new DaemonOptions(), DaemonPlatform.Detect);
        StatusReport? status = _daemon.TryAsk(parsed, static (client, cancel) => client.StatusAsync(cancel), out string? silence);
        bool isInMemory = status is { Daemon.Platform: DaemonPlatform.Loopback };
        DeviceSelector? wanted = parsed.GetValue(_device);
        PciAddress? address = wanted is null ? _source.Device(parsed) : status is null ? HostSource.AddressOf(wanted) : null;
        if (status is null && address is { } here)
        {
            // It says so where the host has none.
            HostSource.One(here, allRegisters: false, _console);
        }

        string[] named = status is null ? []
            : wanted is not null ? [wanted.ToString()]
            : address is { } known ? [known.ToString()]
            : [.. status.Assignable.Select(static device => device.Address)];
        DeviceReport[] described = [.. named.Select(device =>
            _daemon.Ask(parsed, $"examine {device}", (client, cancel) => client.DescribeAsync(device, cancel)).Named(PciIds.Installed))];
        if (wanted is not null && described is [{ Address: var found }])
        {
            address = PciAddress.Parse(found);
        }

        string? why = null;
        using IDomainControl? domains = isInMemory ? null : TryOpen(out why);
        return Diagnosis.Of(
            new Examination
            {
                Xen = isInMemory ? null : XenHost.Detect(),
                Library = isInMemory ? null : XenLibrary.Find(),
                Domains = domains,
                WhyNotAsked = why,
                RunDirectory = _daemon.RunDirectory(parsed),
                StateDirectory = StateDirectory(status) ?? settings.StateDirectory,
                DaemonProcess = status?.Daemon.ProcessId,
                WhyNoDaemon = silence,
                Refusals = settings.Refusals,
                Described = described,
            },
            address);
    }

    // What the daemon that answers was started with is nearer to the truth than a file that may have changed since.
    private static string? StateDirectory(StatusReport? status) => status?.Configuration.FirstOrDefault(static setting => setting.Key == "state")?.Value;

    private static IDomainControl? TryOpen(out string? why)
    {
        try
        {
            why = null;
            return new XenHypervisor().OpenDomainControl();
        }
        catch (HypervisorException refused)
        {
            why = refused.Message;
            return null;
        }
    }
}

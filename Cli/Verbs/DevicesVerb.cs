using System.CommandLine;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Cli.Serve;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>devices</c>: the functions of this host or of a capture; <c>devices capture</c> makes a capture.</summary>
internal static class DevicesVerb
{
    public static Verb Create(CliConsole console)
    {
        var source = new SourceOptions();
        Option<bool> json = Words.Flag("--json", "print a JSON array instead of a table");
        var command = new Command("devices", "list PCI functions: what they are, what uses them, whether a guest can be given them") { json };
        source.AddTo(command);
        var daemon = new DaemonClient(console);
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            List<DeviceReport> rows = source.IsCapture(parsed) ? OfCapture() : OfHost();
            if (parsed.GetValue(json))
            {
                CliJson.Write(console.Output, rows);
            }
            else if (rows.Count > 0)
            {
                DeviceTable.Write(console, rows);
            }
            else
            {
                console.Remark($"this host has no PCI functions: {SysfsFunction.DefaultRoot} lists none");
            }

            return ExitCode.Done;

            List<DeviceReport> OfCapture()
            {
                var found = new List<DeviceReport>();
                IReadOnlyList<SourceFunction> functions = source.Resolve(parsed, console).Functions;
                CaptureRemarks.Say(console, [.. functions]);
                foreach (SourceFunction one in functions)
                {
                    using IPciFunction function = one.Open();
                    found.Add(DeviceReports.Of(function, one.Description).Named(PciIds.Installed));
                }

                return found;
            }

            // Who has which device only the daemon knows. One that serves a machine in memory has other devices of the same addresses.
            IReadOnlyList<DeviceReport> OfDaemon() =>
                daemon.TryAsk(parsed, static (client, cancel) => client.StatusAsync(cancel), out _) is { Daemon.Platform: DaemonPlatform.Xen } status
                    ? status.Assignable : [];

            List<DeviceReport> OfHost()
            {
                // A named function that isn't there is a failure; an empty host is an answer.
                PciAddress? wanted = source.Device(parsed);
                if (wanted is not null)
                {
                    source.Resolve(parsed, console);
                }

                var host = HostSnapshot.Take();
                IReadOnlyList<DeviceCandidate> candidates = HostCandidates.Read(new SysfsBus());
                var held = OfDaemon().ToDictionary(static device => device.Address, StringComparer.Ordinal);
                return [.. host.Functions.Where(function => wanted is null || function.Address == wanted)
                    .Select(function => DeviceReports.Of(function, host, candidates).Named(PciIds.Installed))
                    .Select(report => held.TryGetValue(report.Address, out DeviceReport? known) ? report.HeldAs(known) : report)];
            }
        });
        (Command? capture, string[]? examples) = CreateCapture(console);
        command.Add(capture);
        return new Verb(
            command,
            "pcibackflow devices",
            "pcibackflow devices --from-dump machine.txt",
            "pcibackflow devices --json | jq -r '.[] | select(.assignable) | .address'")
        {
            Below = new Dictionary<Command, string[]> { [capture] = examples },
        };
    }

    private static (Command Command, string[] Examples) CreateCapture(CliConsole console)
    {
        Argument<DeviceSelector?> address = Words.DeviceArgument("BDF", "the function of this host to capture (run as root for all of it)");
        var file = new Argument<string>("FILE") { Description = "the file to write, replaced when it exists; - for the standard output" };
        var command = new Command("capture", "write a function's registers as an lspci -xxxx dump that every verb and lspci -F read") { address, file };
        command.SetAction(parsed =>
        {
            // Every register is read, as lspci -xxxx does.
            SourceFunction function = Sources.HostSource.One(Sources.HostSource.AddressOf(parsed.GetValue(address)!), allRegisters: true, console).Functions[0];
            string path = parsed.GetRequiredValue(file);
            using IPciFunction opened = function.Open();
            using StreamWriter? writer = path == "-" ? null : OutputFile.Open(path);
            CaptureText.Write(writer ?? console.Output, opened, function.Description);
            if (writer is not null)
            {
                console.Remark($"{opened.ReadableSize} bytes of {function.Address} written to {path}");
            }

            return ExitCode.Done;
        });
        return (command, ["sudo pcibackflow devices capture 00:02.0 nic.txt", "pcibackflow guest-view --from-dump nic.txt"]);
    }
}

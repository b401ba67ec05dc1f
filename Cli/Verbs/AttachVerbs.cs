using System.CommandLine;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>pci-attach</c>, <c>pci-detach</c> and <c>pci-list</c>: a guest's devices, in xl's words.</summary>
internal static class AttachVerbs
{
    public static Verb CreateAttach(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        (Argument<string>? domain, Argument<string>? spec) = (Domain(), Spec());
        Option<bool> noWait = Words.Flag("--no-wait", "do not wait until the guest has it");
        Option<bool> keep = Words.Flag("--keep", "attach it again after the guest's reboot (same UUID)");
        Option<bool> force = Words.Flag(
            "--force", "attach it even though a living guest that had it may still reach its memory, or others use its interrupt line");
        var command = new Command("pci-attach", "give a guest a device; waits until the guest has it") { domain, spec, noWait, keep, force };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            (string? guest, string? device) = (parsed.GetRequiredValue(domain), parsed.GetRequiredValue(spec));
            bool wait = !parsed.GetValue(noWait);
            IReadOnlyList<AssignmentReport> attached = daemon.Ask(parsed, $"attach {device} to {guest}", (client, cancel) => client.AttachAsync(
                guest, new AttachDevice(device, wait, parsed.GetValue(keep), parsed.GetValue(force)), cancel));

            // Success as well, of another kind: a guest that is paused, still booting or without a frontend driver gets it when it comes to that.
            foreach (AssignmentReport? one in attached.Where(one => wait && !one.IsConnected))
            {
                console.Remark($"{one.Host} is {one.State}: {guest} has not taken it up yet (is it paused or booting, or is its xen-pcifront not loaded?)");
            }

            return ExitCode.Done;
        });
        return new Verb(
            command, "pcibackflow pci-attach demo1 00:04.0", "pcibackflow pci-attach demo1 id=8086:10d3,permissive=1",
            "pcibackflow pci-attach --keep 7 03:00.0@5,permissive=1");
    }

    public static Verb CreateDetach(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        (Argument<string>? domain, Argument<string>? spec) = (Domain(), Spec());
        var force = new Option<bool>("--force", "-f") { Description = "take it even if the guest does not let go of it" };
        var command = new Command("pci-detach", "take a device from a guest; the guest is asked first") { domain, spec, force };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            (string? guest, string? device) = (parsed.GetRequiredValue(domain), parsed.GetRequiredValue(spec));
            daemon.Tell(parsed, $"detach {device} from {guest}", (client, cancel) => client.DetachAsync(guest, device, parsed.GetValue(force), cancel));
            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow pci-detach demo1 00:04.0", "pcibackflow pci-detach -f 7 03:00.0");
    }

    public static Verb CreateList(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        Argument<string> domain = Domain();
        Option<bool> json = Words.Flag("--json", "print a JSON array");
        var command = new Command("pci-list", "list a guest's devices") { domain, json };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            string guest = parsed.GetRequiredValue(domain);
            IReadOnlyList<AssignmentReport> devices =
                daemon.Ask(parsed, $"list the devices of {guest}", (client, cancel) => client.ListDevicesAsync(guest, cancel));
            if (parsed.GetValue(json))
            {
                CliJson.Write(console.Output, devices);
            }
            else
            {
                AssignmentText.Write(console.Output, devices);
            }

            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow pci-list demo1", "pcibackflow pci-list 7 --json");
    }

    private static Argument<string> Domain() => NotEmpty(new Argument<string>("DOM") { Description = "the guest: its id or its name" });

    private static Argument<string> Spec() =>
        NotEmpty(new Argument<string>("PCI_SPEC")
        {
            Description = $"the device: [DDDD:]BB:SS.F[@VSLOT][,permissive=1,…] as in xl-pci-configuration(5), or instead of the address "
                + $"{SelectorForms.KeyedGrammar}; "
                + "VSLOT, 0 to 1f, is the slot in which the guest sees it",
        });

    private static Argument<string> NotEmpty(Argument<string> argument)
    {
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value.Length: 0 }])
            {
                result.AddError($"{argument.Name} is an empty word");
            }
        });
        return argument;
    }
}

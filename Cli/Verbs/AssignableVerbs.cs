using System.CommandLine;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Parsing;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>pci-assignable-add</c>, <c>-remove</c> and <c>-list</c>: the devices that guests can have, in xl's words.</summary>
internal static class AssignableVerbs
{
    public static Verb CreateAdd(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        var name = new Option<string?>("--name", "-n") { HelpName = "NAME", Description = "a name to call it by afterwards" };
        Option<bool> force = Words.Flag("--force", "take it even though something speaks against it that only a person can judge");
        Argument<DeviceSelector?> address = Words.DeviceArgument("BDF", "the device of this host");
        var command = new Command("pci-assignable-add", "take a device from this host, so that guests can have it; its driver is remembered")
        {
            address,
            name,
            force,
        };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetValue(address)!.ToString();
            DeviceReport taken = daemon.Ask(
                parsed, $"take {wanted}",
                (client, cancel) => client.TakeAsync(new TakeDevice(wanted, parsed.GetValue(name), parsed.GetValue(force)), cancel));
            foreach (string warning in taken.Warnings)
            {
                console.Remark($"{taken.Address}: {warning}");
            }

            return ExitCode.Done;
        });
        return new Verb(
            command, "pcibackflow pci-assignable-add 03:00.0", "pcibackflow pci-assignable-add path=pci0000:00/1c.0/00.0",
            "pcibackflow pci-assignable-add -n nic 03:00.0");
    }

    public static Verb CreateRemove(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        var rebind = new Option<bool>("--rebind", "-r") { Description = "bind it to the driver it was taken from" };
        Option<bool> force = Words.Flag(
            "--force", "give it back even though it, or a guest that had it, may still reach this host's memory, or a guest is on its interrupt line");
        var device = new Argument<string>("BDF|NAME") { Description = $"the device, {SelectorForms.Grammar}; or the name it was given" };
        var command = new Command("pci-assignable-remove", "give a device back to this host, once it is seen to have stopped") { device, rebind, force };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetRequiredValue(device);
            daemon.Tell(
                parsed, $"give {wanted} back",
                (client, cancel) => client.GiveBackAsync(wanted, parsed.GetValue(rebind), parsed.GetValue(force), cancel));
            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow pci-assignable-remove -r 03:00.0", "pcibackflow pci-assignable-remove nic");
    }

    public static Verb CreateList(CliConsole console)
    {
        var daemon = new DaemonClient(console);
        var names = new Option<bool>("--show-names", "-n") { Description = "show the names too" };
        Option<bool> json = Words.Flag("--json", "print a JSON array");
        var command = new Command("pci-assignable-list", "list the devices that guests can have") { names, json };
        daemon.AddTo(command);
        command.SetAction(parsed =>
        {
            IReadOnlyList<DeviceReport> devices = daemon.Ask(parsed, "list the devices", (client, cancel) => client.ListAssignableAsync(cancel));
            if (parsed.GetValue(json))
            {
                CliJson.Write(console.Output, devices);
            }
            else
            {
                AssignableText.Write(console.Output, devices, parsed.GetValue(names));
            }

            return ExitCode.Done;
        });
        return new Verb(command, "pcibackflow pci-assignable-list", "pcibackflow pci-assignable-list -n");
    }
}

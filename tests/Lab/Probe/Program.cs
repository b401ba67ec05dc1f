using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;
using PciBackFlow.Hardware.Hypervisor.Xen.Grants;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;
using PciBackFlow.LabProbe;
using PciBackFlow.LabProbe.Frontend;

// Runs the contracts of Hardware/Hypervisor against the real devices of a privileged Xen domain.
//   PciBackFlow.LabProbe [PART...]    parts: xenbus socket events grants; all without arguments
//   PciBackFlow.LabProbe passthrough GUEST BDF 0xTABLEBASE LINE
// No contracts:
//   PciBackFlow.LabProbe flood PATH COUNT    writes states and other things there
//   PciBackFlow.LabProbe registers write|keep PATH NUMBER SECONDS    in a guest: maps edu's registers, and does not let go of them
//   PciBackFlow.LabProbe frontend WHAT...    in a guest: plays a frontend that does what none does
// One line for each check: "ok NAME" or "FAILED NAME: reason". Ends with 1 when one failed, with 2 on a wrong argument.
if (args is ["passthrough", string guest, string function, string tableBase, string line])
{
    var passthrough = new Report();
    PassthroughChecks.Run(passthrough, guest, function, tableBase, line);
    return passthrough.Finish();
}

if (args is ["flood", string path, string count])
{
    StateFlood.Run(path, int.Parse(count, null));
    return 0;
}

if (args is ["registers", "write" or "keep", string region, string number, string seconds])
{
    Action<string, uint, uint> access = args[1] == "write" ? HeldRegisters.Write : HeldRegisters.Keep;
    access(region, uint.Parse(number, null), uint.Parse(seconds, null));
    return 0;
}

if (args is ["frontend", .. string[] what])
{
    return FrontendPart.Run(what);
}

string[] known = ["xenbus", "socket", "events", "grants"];
if (args.FirstOrDefault(arg => !known.Contains(arg)) is { } unknown)
{
    Console.Error.WriteLine($"{unknown}: no such part; there are {string.Join(", ", known)}");
    return 2;
}

var report = new Report();
string[] parts = args.Length == 0 ? known : args;
int self = 0;
report.Run("the domain's own id is in xenstore", () =>
{
    using var store = XenStoreConnection.Open();
    self = int.Parse(store.Read("domid") ?? throw new ContractException("no domid"), null);
});

if (parts.Contains("xenbus"))
{
    Store("xenbus", () => XenStoreConnection.Open(), takesRelativePaths: true);
}

if (parts.Contains("socket"))
{
    Store("socket", () => new XenStoreConnection(XenStoreSocket.Open(XenStoreSocket.Places.First(File.Exists))), takesRelativePaths: false);
}

if (parts.Contains("events"))
{
    // Both ends are this domain: what one descriptor offers the other binds.
    var subject = new EventChannelsSubject(XenEventChannels.Open, self, XenEventChannels.Open, self, Rounds: 3_000);
    foreach (ContractCheck<EventChannelsSubject> check in EventChannelsContract.Checks)
    {
        report.Run($"events: {check.Name}", () => check.Run(subject));
    }
}

if (parts.Contains("grants"))
{
    var subject = new GrantTableSubject(XenGrantTable.Open, self, readOnly => GrantedPages.Grant(self, readOnly));
    foreach (ContractCheck<GrantTableSubject> check in GrantTableContract.Checks)
    {
        report.Run($"grants: {check.Name}", () => check.Run(subject));
    }
}

return report.Finish();

void Store(string transport, Func<IXenStore> open, bool takesRelativePaths)
{
    for (int i = 0; i < XenStoreContract.Checks.Count; i++)
    {
        ContractCheck<XenStoreSubject> check = XenStoreContract.Checks[i];
        string scratch = $"/contract/{transport}-{i}";
        report.Run($"{transport}: {check.Name}", () =>
        {
            using IXenStore store = open();
            store.MakeDirectory(scratch);
            try
            {
                check.Run(new XenStoreSubject(open, scratch, self, OtherDomainId: 77, takesRelativePaths, Rounds: 200));
            }
            finally
            {
                store.Remove(scratch);
            }
        });
    }
}

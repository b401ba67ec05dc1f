using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// The host at one moment, as far as it matters for giving a function away: all functions, what they are used for, who listens on which line, what Xen
/// says. The one place that knows refusals: custody decides by it, and <c>devices</c> prints it. Nothing is changed; not for hot paths.
/// </summary>
public sealed class HostSnapshot
{
    /// <summary>
    /// What is written to <c>driver_override</c> of a function that is set aside for guests. No driver has this name, which is the point: the function has to
    /// stay without one, because the kernel enables only driverless functions through sysfs, and only an enabled function has its line interrupt routed.
    /// </summary>
    public const string SetAside = "pcibackflow";

    /// <summary>The code of a function that the host does not have.</summary>
    public const string Absent = "absent";

    private readonly Dictionary<PciAddress, HostFunction> _functions = [];
    private readonly HashSet<PciAddress> _setAside = [];

    private HostSnapshot(SysfsBus bus, string proc, HostUses uses, LineUsers lines, IDomainControl? domains)
    {
        Bus = bus;
        Uses = uses;
        Proc = proc;
        Lines = lines;
        Domains = domains;
        RemapsInterrupts = AskForRemapping(domains);
    }

    /// <summary>The functions, in the order of their addresses.</summary>
    public IReadOnlyCollection<HostFunction> Functions => _functions.Values;

    /// <summary>What the host uses them for.</summary>
    public HostUses Uses { get; }

    internal SysfsBus Bus { get; }

    internal string Proc { get; }

    internal LineUsers Lines { get; }

    internal IDomainControl? Domains { get; }

    internal bool? RemapsInterrupts { get; }

    /// <summary>Looks at the host.</summary>
    /// <param name="bus">The host's bus; the real one when null.</param>
    /// <param name="proc">Where procfs is mounted.</param>
    /// <param name="domains">What Xen says; nobody is asked when null.</param>
    /// <returns>The snapshot; empty on a host without PCI.</returns>
    public static HostSnapshot Take(SysfsBus? bus = null, string proc = "/proc", IDomainControl? domains = null)
    {
        bus ??= new();
        HostSnapshot snapshot = new(bus, proc, HostUses.Read(bus.Sys, proc), LineUsers.Read(proc), domains);
        foreach (HostFunction function in bus.List())
        {
            snapshot._functions.Add(function.Address, function);
            if (bus.OverrideOf(function.Address) == SetAside)
            {
                snapshot._setAside.Add(function.Address);
            }
        }

        return snapshot;
    }

    /// <summary>One function.</summary>
    /// <param name="address">Its address.</param>
    /// <returns>It, or null when the host has none there.</returns>
    public HostFunction? Find(PciAddress address) => _functions.GetValueOrDefault(address);

    /// <summary>Whether a function is held for guests already, by this program in any of its lives.</summary>
    /// <param name="address">The function.</param>
    /// <returns>True when it has no driver and may get none.</returns>
    public bool IsSetAside(PciAddress address) => _setAside.Contains(address) && Find(address)?.Driver is null;

    /// <summary>Whether a guest can be given a function.</summary>
    /// <param name="address">The function.</param>
    /// <param name="policy">What weighs how much; the table's own weights when null.</param>
    /// <returns>The answer with its reasons; of a function the host doesn't have, that.</returns>
    public Assignability Assess(PciAddress address, RefusalPolicy? policy = null)
    {
        if (Find(address) is not { } function)
        {
            return new([new(Absent, RefusalWeight.Impossible, "the host has no such function")
            {
                Evidence = $"{Bus.DevicesRoot}: no {address}",
                Remedy = "See which there are with pcibackflow devices",
            }]);
        }

        return new([.. RefusalTable.Rules
            .Select(rule => (Rule: rule, Weight: (policy ?? RefusalPolicy.Default).WeightOf(rule)))
            .Where(static row => row.Weight != RefusalWeight.None)
            .SelectMany(row => row.Rule.Find(this, function).Select(text => new DeviceRefusal(row.Rule.Code, row.Weight, text)
            {
                Evidence = row.Rule.Evidence(this, function),
                Remedy = row.Rule.Remedy,
            }))
            .OrderByDescending(static refusal => refusal.Weight)]);
    }

    /// <summary>Where a function is plugged in, without bus numbers.</summary>
    internal string PathOf(PciAddress address) => DeviceIdentity.PathOf(Bus, address);

    /// <summary>A function's serial number; null when it has none, or does not answer.</summary>
    internal ulong? SerialNumberOf(HostFunction function)
    {
        if (!function.Capabilities.TryFind(ExtendedCapabilityId.DeviceSerialNumber, out _))
        {
            return null;
        }

        using SysfsFunction? registers = Bus.TryOpenToRead(function.Address);
        return registers is null ? null : DeviceIdentity.SerialOf(registers, function.Capabilities);
    }

    /// <summary>What a function's address and header alone say, of a captured function, whose host is not known.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="kind">Its header's layout.</param>
    /// <param name="classCode">Base class, subclass and programming interface.</param>
    /// <returns>The answer with its reasons.</returns>
    public static Assignability AssessHeader(PciAddress address, HeaderKind kind, uint classCode) =>
        new([.. RefusalTable.OfAddress(address), .. RefusalTable.OfHeader(kind, classCode)]);

    private static bool? AskForRemapping(IDomainControl? domains)
    {
        try
        {
            return domains?.RemapsInterrupts();
        }
        catch (HypervisorException)
        {
            // Then it is not known, which is said.
            return null;
        }
    }
}

using System.Globalization;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Hardware.Errors;

/// <summary>What becomes of errors of devices on a host: who handles them, whom their recovery harms, what is recorded. Changes nothing. Any thread.</summary>
/// <param name="bus">The host's bus.</param>
public sealed class ErrorHazards(SysfsBus bus)
{
    private string PanicFile => Path.Combine(bus.Sys, "module/pcieportdrv/parameters/aer_unrecoverable_fatal");

    private string NativeDirectory => Path.Combine(bus.Sys, "bus/pci_express/drivers/aer");

    /// <summary>What is to be reckoned with when guests have devices.</summary>
    /// <param name="devices">The devices.</param>
    /// <returns>One for each kind at most.</returns>
    public IEnumerable<ErrorHazard> Of(IReadOnlyCollection<PciAddress> devices)
    {
        PciAddress[] foreign = [.. devices.Where(device => bus.Exists(device) && !IsNative(device))];
        if (foreign.Length > 0)
        {
            yield return new(
                "errors-not-native",
                $"the kernel does not handle errors of {string.Join(", ", foreign)}: firmware does (firmware first), or they are on no root port that "
                + "reports any; their status is not cleared, and nobody may hear of them",
                $"{NativeDirectory}: no service of their root ports");
        }

        string? panics = TryReadText(PanicFile);
        if (panics is "Y" or "1" or "panic")
        {
            yield return new(
                "errors-panic",
                "pcieportdrv.aer_unrecoverable_fatal is on: a fatal error of a device without a driver, as all held ones are, panics the host",
                $"{PanicFile}: {panics}");
        }

        PciAddress[] beside = [.. Siblings(devices).Where(device => bus.DriverOf(device) is not null)];
        if (beside.Length > 0)
        {
            yield return new(
                "errors-siblings",
                $"the host's own {string.Join(", ", beside)} lose their kernel's recovery: devices below the same port are held, and have no handler",
                $"{bus.DevicesRoot}: their links, and their drivers");
        }

        PciAddress[] contained = [.. devices.Where(HasContainment)];
        if (contained.Length > 0)
        {
            yield return new(
                "errors-contained",
                $"the port above {string.Join(", ", contained)} contains errors (DPC): after one its link is down until the kernel has released it",
                "the port's config: DPC Control, trigger enable");
        }
    }

    /// <summary>Errors that a device has recorded and nobody has cleared: the next error may be taken for these.</summary>
    /// <param name="device">The device.</param>
    /// <returns>What stands in its registers; null when nothing does, or it cannot be read.</returns>
    public ErrorHazard? StaleOf(PciAddress device)
    {
        using SysfsFunction? function = bus.TryOpenToRead(device);
        if (function is null || ErrorStatus.Read(function) is not { } seen)
        {
            return null;
        }

        CapabilityWalk.Read(function).TryFind(ExtendedCapabilityId.AdvancedErrorReporting, out PciCapability aer);
        function.TryRead(aer.Offset + AerRegisters.UncorrectableStatus, 4, out uint status);
        return new(
            "stale-errors",
            $"errors that were not corrected are recorded in it: {string.Join(", ", seen.Bits)}",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{bus.FileOf(device, "config")}: AER Uncorrectable Error Status at 0x{aer.Offset + AerRegisters.UncorrectableStatus:x3} is 0x{status:x8}"));
    }

    /// <summary>Whether the host's kernel handles a function's errors, and no firmware: its root port's service has the kernel's driver.</summary>
    /// <param name="device">The function.</param>
    /// <returns>False also where the kernel does not tell.</returns>
    public bool IsNative(PciAddress device)
    {
        string prefix = $"{RootOf(device)}:";
        try
        {
            return Directory.EnumerateFileSystemEntries(NativeDirectory)
                .Any(entry => Path.GetFileName(entry).StartsWith(prefix, StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private PciAddress RootOf(PciAddress device)
    {
        IReadOnlyList<PciAddress> bridges = bus.BridgesAbove(device);
        return bridges.Count == 0 ? device : bridges[0];
    }

    // Those below the ports of the devices that are none of them. Bridges have a handler, or need none. The host's tree is looked at once: it is large.
    private IEnumerable<PciAddress> Siblings(IReadOnlyCollection<PciAddress> devices)
    {
        HashSet<PciAddress> known = [.. devices];
        var above = PciDevices.Addresses(bus.DevicesRoot).ToDictionary(static one => one, bus.BridgesAbove);
        HashSet<PciAddress> bridges = [.. above.Values.SelectMany(static bridges => bridges)];
        HashSet<PciAddress> ports = [.. above.Where(one => known.Contains(one.Key) && one.Value.Count > 0).Select(static one => one.Value[^1])];
        return above.Where(one => !known.Contains(one.Key) && !bridges.Contains(one.Key) && one.Value.Any(ports.Contains)).Select(static one => one.Key);
    }

    private bool HasContainment(PciAddress device)
    {
        IReadOnlyList<PciAddress> bridges = bus.BridgesAbove(device);
        using SysfsFunction? port = bridges.Count == 0 ? null : bus.TryOpenToRead(bridges[^1]);
        return port is not null
            && CapabilityWalk.Read(port).TryFind(ExtendedCapabilityId.DownstreamPortContainment, out PciCapability dpc)
            && port.TryRead(dpc.Offset + DpcRegisters.Control, 2, out uint control) && !NoAnswer.Is(control, 2) && (control & DpcRegisters.TriggerEnable) != 0;
    }

    private static string? TryReadText(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

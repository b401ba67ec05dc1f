using System.Collections.Concurrent;
using System.Globalization;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Cli.Sources;

/// <summary>Functions of this host, through sysfs, opened for reading only: what a guest writes stays in the shadow.</summary>
internal static class HostSource
{
    private const string Name = "this host";

    /// <summary>One function.</summary>
    public static FunctionSet One(PciAddress address, bool allRegisters, CliConsole console)
    {
        if (PciDevices.TryDescribe(address, out HostFunction? found))
        {
            return Of([found], allRegisters, console);
        }

        IReadOnlyList<PciAddress> others = PciDevices.Addresses();
        throw new VerbException(
            $"no function {address} on this host",
            others.Count == 0 ? $"{SysfsFunction.DefaultRoot} lists no PCI function at all" : $"{SysfsFunction.DefaultRoot} does not list it",
            others.Count == 0 ? "Use --from-dump FILE or --builtin NAME." : "See: pcibackflow devices");
    }

    /// <summary>The function that a selector means.</summary>
    /// <exception cref="VerbException">It fits none of this host, or several.</exception>
    public static PciAddress AddressOf(DeviceSelector selector)
    {
        try
        {
            return DeviceChoice.One(selector, static () => HostCandidates.Read(new SysfsBus()));
        }
        catch (BackendException refused)
        {
            throw new VerbException($"{selector} names no device of this host", refused.Message, "See: pcibackflow devices", refused)
            {
                Code = (int)refused.Failure,
            };
        }
    }

    /// <summary>All functions.</summary>
    public static FunctionSet All(bool allRegisters, CliConsole console)
    {
        IReadOnlyList<HostFunction> functions = PciDevices.List();
        return functions.Count > 0
            ? Of(functions, allRegisters, console)
            : throw new VerbException(
                "this host has no PCI functions", $"{SysfsFunction.DefaultRoot} lists none", "Use --from-dump FILE or --builtin NAME.");
    }

    /// <summary>Opens one function so that writes reach it.</summary>
    public static IPciFunction OpenForWriting(PciAddress address) => OpenOrThrow(address, writable: true);

    private static FunctionSet Of(IReadOnlyList<HostFunction> functions, bool allRegisters, CliConsole console)
    {
        HostFunction[] closed = functions.Where(function => function.ReadableSize == 0).ToArray();
        if (closed.Length == functions.Count)
        {
            throw new VerbException($"cannot read {closed[0].Address}", "its config file cannot be opened", "Run as root, or with access to sysfs.");
        }

        foreach (HostFunction? function in closed)
        {
            console.Remark($"{function.Address} is left out: its config file cannot be opened");
        }

        HostFunction[] cut = functions.Where(function => function.ReadableSize > 0 && function.ReadableSize < function.ConfigSize).ToArray();
        if (cut.Length > 0)
        {
            string which = cut.Length == 1
                ? $"{cut[0].Address}: only the first {cut[0].ReadableSize} of {cut[0].ConfigSize} bytes"
                : $"of {cut.Length} functions only the first {cut[0].ReadableSize} bytes";
            console.Remark($"{which} can be read without privilege; run as root to see the rest, capabilities included");
        }

        // Overlays are opened by several threads of a load run.
        var opened = new ConcurrentBag<ReadOnlyOverlay>();
        return new FunctionSet(Name, true, [.. functions.Where(function => function.ReadableSize > 0).Select(Source)])
        {
            WritesKept = () => opened.Sum(overlay => overlay.WritesKept),
        };

        SourceFunction Source(HostFunction function) => new(function.Address, function.Header, NameOf(function), () =>
        {
            var overlay = new ReadOnlyOverlay(OpenOrThrow(function.Address), knownRegistersOnly: !allRegisters);
            opened.Add(overlay);
            return overlay;
        })
        {
            BaseClass = function.ClassCode >> 16,
        };
    }

    // As lspci writes it: class, vendor, device, revision.
    private static string NameOf(HostFunction function)
    {
        PciIds names = PciIds.Installed;
        string kind = names.Class(function.ClassCode) ?? string.Create(CultureInfo.InvariantCulture, $"Class [{function.ClassCode >> 8:x4}]");
        string vendor = names.Vendor(function.VendorId) ?? string.Create(CultureInfo.InvariantCulture, $"Vendor {function.VendorId:x4}");
        string device = names.Device(function.VendorId, function.DeviceId) ?? string.Create(CultureInfo.InvariantCulture, $"Device {function.DeviceId:x4}");
        string revision = function.Revision == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" (rev {function.Revision:x2})");
        return $"{kind}: {vendor} {device}{revision}";
    }

    private static SysfsFunction OpenOrThrow(PciAddress address, bool writable = false)
    {
        try
        {
            return SysfsFunction.Open(address, writable);
        }
        catch (IOException failure)
        {
            throw new VerbException($"cannot open {address}", failure.Message, null, failure);
        }
    }
}

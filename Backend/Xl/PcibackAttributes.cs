using System.Text;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Sysfs;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Backend.Xl;

/// <summary>
/// The files of pciback's directory as Linux has them (Documentation/ABI/testing/sysfs-driver-pciback, drivers/xen/xen-pciback/pci_stub.c), and what
/// they mean for held devices. Two differ, because a held device has no driver here that libxl could see: <c>remove_slot</c> gives a held
/// device back, for libxl skips <c>unbind</c> when there is no driver; and <c>bind</c> of a held device succeeds.
/// Thread-safe; writes may block for seconds.
/// </summary>
internal sealed class PcibackAttributes
{
    // Linux has no bound; a bus of wildcards is 256.
    private const int MaxWanted = 4096;

    private readonly Lock _lock = new();
    private readonly SortedSet<PciAddress> _wanted = [];
    private readonly IDeviceCustody _custody;
    private readonly PcibackSettings _settings;
    private readonly ILogger _logger;

    public PcibackAttributes(IDeviceCustody custody, PcibackSettings settings, ILogger logger)
    {
        _custody = custody;
        _settings = settings;
        _logger = logger;
        All =
        [
            new("new_slot", null, text => OnSlots(text, AddWanted)),
            new("remove_slot", null, text => OnSlots(text, RemoveWanted)),
            new("slots", Slots, null),
            new("bind", null, text => OnDevice(text, Bind)),
            new("unbind", null, text => OnHeld(text, LinuxError.NoDevice, Unbind)),
            // Not in Linux, but libxl looks for it before it resets through sysfs; unlike that, ours checks the card and restores what it lost.
            new("do_flr", null, text => OnHeld(text, LinuxError.NoDevice, _custody.Reset)),
            new("permissive", () => Listed(_settings.IsPermissive), text => OnHeld(text, LinuxError.NoDevice, _settings.SetPermissive)),
            new("allow_interrupt_control", () => Listed(_settings.AllowsInterruptControl), text => OnHeld(text, LinuxError.NoDevice, _settings.AllowInterruptControl)),
            new("quirks", Quirks, AddQuirk),
            new("irq_handlers", IrqHandlers, null),
            // Linux switches its stand-in interrupt handler with it; this backend needs none.
            new("irq_handler_state", null, text => OnHeld(text, LinuxError.NoEntry, static _ => { })),
        ];
    }

    public IReadOnlyList<PcibackAttribute> All { get; }

    /// <summary>The addresses that stand in the directory as links.</summary>
    public IReadOnlyList<PciAddress> Held() => [.. _custody.Held().Select(static device => device.Address)];

    /// <summary>Whether one does.</summary>
    public bool IsHeld(PciAddress address) => _custody.Held().Any(device => device.Address == address);

    /// <summary>Does a write.</summary>
    /// <returns>An error number, or 0.</returns>
    public int Write(PcibackAttribute attribute, string text)
    {
        string shown = Shown(text);
        try
        {
            int error = attribute.Write!(text);
            if (error == 0)
            {
                PcibackLog.Done(_logger, attribute.Name, shown);
            }
            else
            {
                PcibackLog.Refused(_logger, attribute.Name, shown, System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(error));
            }

            return error;
        }
        catch (BackendException refusal)
        {
            PcibackLog.Refused(_logger, attribute.Name, shown, refusal.Message);
            return refusal.Failure switch
            {
                BackendFailure.Malformed => LinuxError.InvalidArgument,
                BackendFailure.Refused => LinuxError.Busy,
                _ => LinuxError.Io,
            };
        }
        catch (Exception failure)
        {
            PcibackLog.Failed(_logger, attribute.Name, shown, failure);
            return LinuxError.Io;
        }
    }

    private string Slots()
    {
        SortedSet<PciAddress> all = [.. Held()];
        lock (_lock)
        {
            all.UnionWith(_wanted);
        }

        return Lines(all);
    }

    private int AddWanted(PcibackAddress which)
    {
        lock (_lock)
        {
            PciAddress[] more = [.. which.All.Where(address => !_wanted.Contains(address))];
            if (_wanted.Count + more.Length > MaxWanted)
            {
                return LinuxError.NoMemory;
            }

            _wanted.UnionWith(more);
            return 0;
        }
    }

    private int RemoveWanted(PcibackAddress which)
    {
        int found = 0;
        foreach (PciAddress address in which.All)
        {
            bool isHeld = IsHeld(address);
            if (isHeld)
            {
                _custody.GiveBack(address, rebind: false);
            }

            bool isWanted;
            lock (_lock)
            {
                isWanted = _wanted.Remove(address);
            }

            if (isHeld || isWanted)
            {
                found++;
            }

            if (isHeld)
            {
                _settings.Forget(address);
            }
        }

        return found == 0 ? LinuxError.NoEntry : 0;
    }

    // Linux's bind answers ENODEV for an address that is not among the slots: the driver does not match it.
    private int Bind(PciAddress address)
    {
        // Taking a held device would change its name.
        if (IsHeld(address))
        {
            return 0;
        }

        lock (_lock)
        {
            if (!_wanted.Contains(address))
            {
                return LinuxError.NoDevice;
            }
        }

        _custody.Take(address, name: null, force: false);
        return 0;
    }

    private void Unbind(PciAddress address)
    {
        _custody.GiveBack(address, rebind: false);
        _settings.Forget(address);
        lock (_lock)
        {
            _wanted.Add(address);
        }
    }

    private int AddQuirk(string text)
    {
        SettingOrigin origin = new(SettingSource.DriverParameter, $"quirks={text.Trim()}");
        if (!QuirkGrammar.TryParse(text, origin, out PciAddress address, out QuirkField field, out _, out _))
        {
            return LinuxError.InvalidArgument;
        }

        if (!IsHeld(address))
        {
            return LinuxError.NoDevice;
        }

        return _settings.AddQuirk(address, field) ? 0 : LinuxError.NoMemory;
    }

    private string Quirks()
    {
        StringBuilder text = new();
        foreach (PciAddress address in Held())
        {
            text.Append(address.ToString()[(address.ToString().IndexOf(':', StringComparison.Ordinal) + 1)..]).Append('\n');
            if (PciDevices.TryDescribe(address, out HostFunction? function))
            {
                text.Append($"\t{function.VendorId:x4}:{function.DeviceId:x4}:{function.SubsystemVendorId:x4}:{function.SubsystemId:x4}\n");
            }

            foreach (QuirkField field in _settings.QuirksOf(address))
            {
                text.Append($"\t\t{field.Offset:x8}:{field.Size:x}:{field.Mask:x8}\n");
            }
        }

        return text.ToString();
    }

    private string IrqHandlers() => string.Concat(Held().Select(static address => $"{address}:off:not acking:0\n"));

    private string Listed(Func<PciAddress, bool> isSet) => Lines(Held().Where(isSet));

    private static string Lines(IEnumerable<PciAddress> addresses) => string.Concat(addresses.Select(static address => $"{address}\n"));

    private static int OnSlots(string text, Func<PcibackAddress, int> act) =>
        PcibackAddress.TryParse(text, out PcibackAddress which) ? act(which) : LinuxError.InvalidArgument;

    // Linux's per-device attributes parse wildcards and then find no such device.
    private static int OnDevice(string text, Func<PciAddress, int> act) =>
        !PcibackAddress.TryParse(text, out PcibackAddress which) ? LinuxError.InvalidArgument : which.AnyFunction ? LinuxError.NoDevice : act(which.First);

    private int OnHeld(string text, int missing, Action<PciAddress> act) => OnDevice(text, address =>
    {
        if (!IsHeld(address))
        {
            return missing;
        }

        act(address);
        return 0;
    });

    // Foreign text in a line of the log: short, and nothing a terminal would act upon.
    private static string Shown(string text) => string.Concat(text.Trim().Take(64).Select(static c => c is >= ' ' and <= '~' ? c : '.'));
}

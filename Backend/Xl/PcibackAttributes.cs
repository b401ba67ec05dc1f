using System.Text;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

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
            new("unbind", null, text => OnHeld(text, Errno.ENODEV, Unbind)),
            // Not in Linux, but libxl looks for it before it resets through sysfs; unlike that, ours checks the card and restores what it lost.
            new("do_flr", null, text => OnHeld(text, Errno.ENODEV, _custody.Reset)),
            new("permissive", () => Listed(_settings.IsPermissive), text => OnHeld(text, Errno.ENODEV, _settings.SetPermissive)),
            new("allow_interrupt_control", () => Listed(_settings.AllowsInterruptControl), text => OnHeld(text, Errno.ENODEV, _settings.AllowInterruptControl)),
            new("quirks", Quirks, AddQuirk),
            new("irq_handlers", IrqHandlers, null),
            // Linux switches its stand-in interrupt handler with it; this backend needs none.
            new("irq_handler_state", null, text => OnHeld(text, Errno.ENOENT, static _ => { })),
        ];
    }

    public IReadOnlyList<PcibackAttribute> All { get; }

    /// <summary>The addresses that stand in the directory as links.</summary>
    public IReadOnlyList<PciAddress> Held() => [.. _custody.Held().Select(static device => device.Address)];

    /// <summary>Whether one does.</summary>
    public bool IsHeld(PciAddress address) => _custody.Held().Any(device => device.Address == address);

    /// <summary>Does a write.</summary>
    /// <returns>Why it failed; none when it is done.</returns>
    public Errno Write(PcibackAttribute attribute, string text)
    {
        string shown = ForeignText.Shown(text.Trim(), limit: 64);
        try
        {
            Errno error = attribute.Write!(text);
            if (error == Errno.None)
            {
                PcibackLog.Done(_logger, attribute.Name, shown);
            }
            else
            {
                PcibackLog.Refused(_logger, attribute.Name, shown, System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage((int)error));
            }

            return error;
        }
        catch (BackendException refusal)
        {
            PcibackLog.Refused(_logger, attribute.Name, shown, refusal.Message);
            return refusal.Failure switch
            {
                BackendFailure.Malformed => Errno.EINVAL,
                BackendFailure.Refused => Errno.EBUSY,
                _ => Errno.EIO,
            };
        }
        catch (Exception failure)
        {
            PcibackLog.Failed(_logger, attribute.Name, shown, failure);
            return Errno.EIO;
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

    private Errno AddWanted(PcibackAddress which)
    {
        lock (_lock)
        {
            PciAddress[] more = [.. which.All.Where(address => !_wanted.Contains(address))];
            if (_wanted.Count + more.Length > MaxWanted)
            {
                return Errno.ENOMEM;
            }

            _wanted.UnionWith(more);
            return Errno.None;
        }
    }

    private Errno RemoveWanted(PcibackAddress which)
    {
        int found = 0;
        foreach (PciAddress address in which.All)
        {
            bool isHeld = IsHeld(address);
            if (isHeld)
            {
                _custody.GiveBack(address, rebind: false, force: false);
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

        return found == 0 ? Errno.ENOENT : Errno.None;
    }

    // Linux's bind answers ENODEV for an address that is not among the slots: the driver does not match it.
    private Errno Bind(PciAddress address)
    {
        // Taking a held device would change its name.
        if (IsHeld(address))
        {
            return Errno.None;
        }

        lock (_lock)
        {
            if (!_wanted.Contains(address))
            {
                return Errno.ENODEV;
            }
        }

        _custody.Take(address, name: null, force: false);
        return Errno.None;
    }

    private void Unbind(PciAddress address)
    {
        _custody.GiveBack(address, rebind: false, force: false);
        _settings.Forget(address);
        lock (_lock)
        {
            _wanted.Add(address);
        }
    }

    private Errno AddQuirk(string text)
    {
        SettingOrigin origin = new(SettingSource.DriverParameter, $"quirks={text.Trim()}");
        if (!QuirkGrammar.TryParse(text, origin, out PciAddress address, out QuirkField field, out _, out _))
        {
            return Errno.EINVAL;
        }

        if (!IsHeld(address))
        {
            return Errno.ENODEV;
        }

        return _settings.AddQuirk(address, field) ? Errno.None : Errno.ENOMEM;
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

    private static Errno OnSlots(string text, Func<PcibackAddress, Errno> act) =>
        PcibackAddress.TryParse(text, out PcibackAddress which) ? act(which) : Errno.EINVAL;

    // Linux's per-device attributes parse wildcards and then find no such device.
    private static Errno OnDevice(string text, Func<PciAddress, Errno> act) =>
        !PcibackAddress.TryParse(text, out PcibackAddress which) ? Errno.EINVAL : which.AnyFunction ? Errno.ENODEV : act(which.First);

    private Errno OnHeld(string text, Errno missing, Action<PciAddress> act) => OnDevice(text, address =>
    {
        if (!IsHeld(address))
        {
            return missing;
        }

        act(address);
        return Errno.None;
    });
}

using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Simulation;

/// <summary>This part: those who attach and detach, by the daemon or beside it.</summary>
internal sealed partial class History
{
    private readonly Dictionary<PciAddress, SimulatedGuest> _xlDevices = [];

    private void Attach()
    {
        if (!_daemon.IsAlive || _daemon.Toolstack is not { } toolstack || _guests.Count == 0)
        {
            return;
        }

        int domain = _random.Pick([.. _guests.Keys]);
        PciAddress device = _random.Pick(_devices.All);
        AttachRequest request = new(domain, PciSpec.Parse(device.ToString()), Wait: _random.OneIn(2), Keep: _random.OneIn(6), Force: _random.OneIn(8));
        Say($"attach {device} to domain {domain}{(request.Wait ? ", wait" : "")}{(request.Keep ? ", keep" : "")}{(request.Force ? ", force" : "")}");
        Begin("attach", domain, device, patience => toolstack.AttachAsync(request, patience));
    }

    private void Detach()
    {
        if (!_daemon.IsAlive || _daemon.Toolstack is not { } toolstack || _guests.Count == 0)
        {
            return;
        }

        int domain = _random.Pick([.. _guests.Keys]);
        PciAddress[] owned = [.. _host.Passthrough.FunctionsOf(domain)];
        PciAddress device = owned.Length > 0 && !_random.OneIn(5) ? _random.Pick(owned) : _random.Pick(_devices.All);
        bool force = _random.OneIn(3);
        Say($"detach {device} from domain {domain}{(force ? ", force" : "")}");
        Begin("detach", domain, device, patience => toolstack.DetachAsync(domain, PciSpec.Parse(device.ToString()), force, patience));
    }

    private void Begin(string what, int domain, PciAddress device, Func<CancellationToken, Task> ask)
    {
        CancellationTokenSource patience = new();
        Task? task = null;
        _kernel.RunAs(_daemon.Process, () => task = ask(patience.Token));
        if (task is not null)
        {
            _operations.Add(new(what, domain, device, _daemon, task, patience));
        }
    }

    private void Cancel()
    {
        if (_operations.FirstOrDefault(static one => !one.Task.IsCompleted && one.Daemon.IsAlive) is { } operation)
        {
            Say($"who asked to {operation.What} {operation.Device} no longer waits");
            _kernel.RunAs(operation.Daemon.Process, operation.Patience.Cancel);
        }
    }

    // Whoever else may attach: xl, without a word to the daemon. It assigns what nobody has.
    private void XlAttach()
    {
        if (_guests.Count == 0)
        {
            return;
        }

        SimulatedGuest guest = _random.Pick([.. _guests.Values]);
        PciAddress device = _random.Pick(_devices.All);
        var id = GuestId.Of(guest.Domain);
        if (!guest.IsRunning || _host.Passthrough.OwnerOf(device) != 0 || _store.Read(StoreKeys.BackendOf(id)) is not null)
        {
            return;
        }

        try
        {
            _xl.Assign(guest.Domain, device, relaxed: false);
        }
        catch (HypervisorException)
        {
            return;
        }

        guest.IsExcused = true;
        _xlDevices[device] = guest;
        _store.Run(access =>
        {
            DirectoryWriter writer = new(access, id);
            writer.Create();
            writer.AddDevice(0, new(device, "permissive=0"));
        });
        Say($"xl attaches {device} to domain {guest.Domain}");
    }

    // xl asks the guest, waits for nobody, and takes the keys and the assignment away.
    private void XlDetach()
    {
        foreach ((PciAddress device, SimulatedGuest guest) in _xlDevices)
        {
            var id = GuestId.Of(guest.Domain);
            if (_store.Read(StoreKeys.BackendOf(id)) is null)
            {
                continue;
            }

            if (_random.OneIn(2))
            {
                _store.Run(access =>
                {
                    DirectoryWriter writer = new(access, id);
                    writer.WriteDeviceState(0, XenbusState.Closing);
                    writer.WriteState(XenbusState.Reconfiguring);
                });
                Say($"xl wants {device} of domain {guest.Domain}");
                return;
            }

            _xlDevices.Remove(device);
            _store.Run(access => new DirectoryWriter(access, id).RemoveDevices([device]));
            if (_host.Passthrough.OwnerOf(device) == guest.Domain)
            {
                _xl.Deassign(guest.Domain, device);
            }

            Say($"xl detaches {device} from domain {guest.Domain}");
            return;
        }
    }
}

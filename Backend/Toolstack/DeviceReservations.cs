using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Toolstack;

/// <summary>Devices that a request is working on: two guests' requests for one device run side by side, and one is refused. Thread-safe.</summary>
internal sealed class DeviceReservations
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PciAddress, int> _taken = [];

    /// <summary>Reserves devices for one request; disposing ends it.</summary>
    /// <exception cref="BackendException">Another guest's request has one of them.</exception>
    public IDisposable Take(int domainId, IReadOnlyList<PciAddress> devices)
    {
        lock (_lock)
        {
            foreach (PciAddress device in devices)
            {
                if (_taken.TryGetValue(device, out int owner))
                    throw new BackendException(BackendFailure.Refused, $"{device} is being attached to or detached from domain {owner}");
            }

            foreach (PciAddress device in devices)
                _taken.Add(device, domainId);
        }

        return new Reservation(this, devices);
    }

    private void Give(IReadOnlyList<PciAddress> devices)
    {
        lock (_lock)
        {
            foreach (PciAddress device in devices)
                _taken.Remove(device);
        }
    }

    private sealed class Reservation(DeviceReservations owner, IReadOnlyList<PciAddress> devices) : IDisposable
    {
        public void Dispose() => owner.Give(devices);
    }
}

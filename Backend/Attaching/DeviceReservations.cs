using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// Devices that a request is working on: two guests' requests for one device run side by side, and one is refused; and the host can't have
/// it back. Thread-safe.
/// </summary>
/// <param name="custody">Who would give devices back.</param>
internal sealed class DeviceReservations(IDeviceCustody custody)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PciAddress, int> _taken = [];

    /// <summary>Reserves devices for one request; disposing ends it.</summary>
    /// <exception cref="BackendException">Another guest's request has one of them, or it is just being given back to the host.</exception>
    public IDisposable Take(int domainId, IReadOnlyList<PciAddress> devices)
    {
        lock (_lock)
        {
            foreach (PciAddress device in devices)
            {
                if (_taken.TryGetValue(device, out int owner))
                {
                    throw new BackendException(BackendFailure.Refused, $"{device} is being attached to or detached from domain {owner}");
                }

                // What shares a page with a device of another guest is looked for in the journal, where one on its way is not yet.
                foreach ((PciAddress other, int its) in _taken)
                {
                    if (its != domainId && DeviceRanges.ShareFrame(custody, device, other))
                    {
                        throw new BackendException(
                            BackendFailure.Refused,
                            $"{device} shares a 4 KiB page of memory with {other}, which is being attached to or detached from domain {its}; try again then");
                    }
                }
            }

            Reservation reservation = new(this);
            foreach (PciAddress device in devices)
            {
                if (custody.TryPin(device) is not { } keeper)
                {
                    reservation.End();
                    throw new BackendException(BackendFailure.Refused, $"{device} is just being given back to the host");
                }

                _taken.Add(device, domainId);
                reservation.Devices.Add((device, keeper));
            }

            return reservation;
        }
    }

    /// <summary>Whose request works on a device; null for nobody's.</summary>
    public int? DomainOf(PciAddress device)
    {
        lock (_lock)
        {
            return _taken.TryGetValue(device, out int domainId) ? domainId : null;
        }
    }

    private sealed class Reservation(DeviceReservations owner) : IDisposable
    {
        public List<(PciAddress Device, IDisposable Pin)> Devices { get; } = [];

        public void Dispose()
        {
            lock (owner._lock)
            {
                End();
            }
        }

        /// <summary>Under the owner's lock.</summary>
        public void End()
        {
            foreach ((PciAddress device, IDisposable keeper) in Devices)
            {
                owner._taken.Remove(device);
                keeper.Dispose();
            }

            Devices.Clear();
        }
    }
}

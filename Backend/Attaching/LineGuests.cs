using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>Whose devices are on a line, of those that are held.</summary>
/// <param name="services">Who knows whose a device is.</param>
internal sealed class LineGuests(GrantServices services) : ILineGuests
{
    /// <inheritdoc/>
    public IReadOnlyList<string> OthersOn(PciAddress device, int? next) => OthersOn(device, next, static _ => null);

    /// <summary>The same, with those that are on their way to a guest or from one.</summary>
    /// <param name="device">The held device.</param>
    /// <param name="next">The guest that gets it; null for the host.</param>
    /// <param name="onTheWay">The guest that a device is being attached to or detached from.</param>
    /// <exception cref="BackendException">Xen does not tell whose a device is.</exception>
    public IReadOnlyList<string> OthersOn(PciAddress device, int? next, Func<PciAddress, int?> onTheWay)
    {
        int line = services.Custody.LineOf(device);
        if (line == 0)
        {
            return [];
        }

        try
        {
            DomainLife? life = next is { } id && services.Domains.Find(id) is { } found ? DomainLife.Of(found) : null;
            List<string> others = [];
            foreach (HeldDevice other in services.Custody.Held().Where(other => other.Address != device && services.Custody.LineOf(other.Address) == line))
            {
                // One that is just being detached has its owner still.
                if (DeviceOwners.OtherThan(services, life, other) is { } owner)
                {
                    others.Add($"interrupt line {line} is shared with {other.Address}, which {owner} has");
                }
                else if (onTheWay(other.Address) is { } domain && domain != next)
                {
                    others.Add($"interrupt line {line} is shared with {other.Address}, which is being attached to or detached from domain {domain}");
                }
            }

            return others;
        }
        catch (HypervisorException failure)
        {
            throw new BackendException(BackendFailure.Failed, $"{device}: Xen did not say whose devices are on its line: {failure.Message}", failure);
        }
    }
}

using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>Xen's physical-device hypercalls (PHYSDEVOP, xen/include/public/physdev.h). Thread-safe.</summary>
public sealed class XenPhysdev : IPhysdev
{
    private readonly IHypercalls _xen;

    internal XenPhysdev(IHypercalls xen) => _xen = xen;

    /// <summary>Opens <c>/dev/xen/privcmd</c> through libxencall.</summary>
    /// <returns>The hypercalls.</returns>
    /// <exception cref="HypervisorException">ENOENT: the library or the device is missing; EACCES, EPERM.</exception>
    public static XenPhysdev Open() => new(XenCall.Open());

    /// <inheritdoc/>
    public int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase)
    {
        MapPirqArgument map = Message(domainId, function, HypercallNumbers.TypeMsiSegment);
        map.EntryNumber = tableBase == 0 ? 0 : entry;
        map.TableBase = tableBase;
        int result = Map(ref map);
        if ((Errno)(-result) == Errno.EINVAL && function.Domain == 0)
        {
            // A Xen that doesn't know of segments.
            map = map with { Type = HypercallNumbers.TypeMsi, Bus = function.Bus, Index = -1, Pirq = -1 };
            result = Map(ref map);
        }

        string what = tableBase == 0 ? "MSI" : $"MSI-X entry {entry}";
        return result >= 0 ? map.Pirq : throw Refused(result, $"map {what} of {function} for domain {domainId}");
    }

    /// <inheritdoc/>
    public int MapMessages(int domainId, PciAddress function, int count, out int available)
    {
        MapPirqArgument map = Message(domainId, function, HypercallNumbers.TypeMultiMsi);
        map.EntryNumber = count;
        int result = Map(ref map);
        available = 0;
        switch ((Errno)(-result))
        {
            case Errno.EOPNOTSUPP when count > 1:
                available = 1;
                return 0;
            case Errno.ENFILE or Errno.ENOSPC when map.EntryNumber > 0 && map.EntryNumber < count:
                available = map.EntryNumber;
                return 0;
            default:
                return result >= 0 ? map.Pirq : throw Refused(result, $"map {count} MSI vectors of {function} for domain {domainId}");
        }
    }

    /// <inheritdoc/>
    public int MapLine(int domainId, int gsi)
    {
        var map = new MapPirqArgument { Domain = (ushort)domainId, Type = HypercallNumbers.TypeGsi, Index = gsi, Pirq = gsi };
        int result = Map(ref map);
        return result >= 0 ? map.Pirq : throw Refused(result, $"map line {gsi} for domain {domainId}");
    }

    /// <inheritdoc/>
    public void Unmap(int domainId, int pirq)
    {
        var unmap = new UnmapPirqArgument { Domain = (ushort)domainId, Pirq = pirq };
        int result = _xen.Physdev(HypercallNumbers.UnmapPirq, MemoryMarshal.AsBytes(new Span<UnmapPirqArgument>(ref unmap)));
        if (result < 0)
        {
            throw new HypervisorException((Errno)(-result), $"can't unmap pirq {pirq} of domain {domainId}");
        }
    }

    /// <inheritdoc/>
    public void PrepareMsix(PciAddress function) => OnFunction(HypercallNumbers.PrepareMsix, function, "prepare MSI-X of");

    /// <inheritdoc/>
    public void ReleaseMsix(PciAddress function) => OnFunction(HypercallNumbers.ReleaseMsix, function, "release MSI-X of");

    /// <inheritdoc/>
    public void RestoreMessages(PciAddress function) => OnFunction(HypercallNumbers.RestoreMsiExt, function, "restore the messages of");

    /// <inheritdoc/>
    public void Dispose() => _xen.Dispose();

    private static MapPirqArgument Message(int domainId, PciAddress function, int type) => new()
    {
        Domain = (ushort)domainId,
        Type = type,
        Index = -1,
        Pirq = -1,
        Bus = function.Bus | (SegmentOf(function) << 16),
        Devfn = function.Devfn,
    };

    private static ushort SegmentOf(PciAddress function) => function.Domain <= ushort.MaxValue
        ? (ushort)function.Domain
        : throw new HypervisorException(Errno.ENODEV, $"Xen can't name {function}: its segments have 16 bits");

    private static HypervisorException Refused(int result, string what)
    {
        string hint = (Errno)(-result) switch
        {
            Errno.ENODEV => ": the function is not assigned to that domain, or has no such capability",
            Errno.ENODATA => ": its MSI-X was not prepared",
            Errno.ENXIO => ": it does not decode memory",
            Errno.ENOSPC => ": the domain has no interrupt number left (Xen's argument extra_guest_irqs gives more)",
            Errno.ESRCH => ": there is no such domain",
            _ => "",
        };
        return new HypervisorException((Errno)(-result), $"can't {what}{hint}");
    }

    private int Map(ref MapPirqArgument map) => _xen.Physdev(HypercallNumbers.MapPirq, MemoryMarshal.AsBytes(new Span<MapPirqArgument>(ref map)));

    private void OnFunction(uint command, PciAddress function, string what)
    {
        var device = new PciDeviceArgument { Segment = SegmentOf(function), Bus = function.Bus, Devfn = function.Devfn };
        int result = _xen.Physdev(command, MemoryMarshal.AsBytes(new Span<PciDeviceArgument>(ref device)));
        if (result < 0)
        {
            string hint = (Errno)(-result) switch
            {
                Errno.ENODEV => ": Xen doesn't know the function, or it has no MSI-X",
                Errno.ENXIO => ": it does not decode memory",
                Errno.EBUSY => ": entries are in use, or it is so already",
                _ => "",
            };
            throw new HypervisorException((Errno)(-result), $"can't {what} {function}{hint}");
        }
    }
}

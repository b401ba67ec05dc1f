using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>Event channels to check. On Xen both sides may be one domain; in memory they are two.</summary>
/// <param name="OpenNear">Opens a descriptor of the side that binds.</param>
/// <param name="NearId">Its domain id.</param>
/// <param name="OpenFar">Opens a descriptor of the side that offers ports.</param>
/// <param name="FarId">Its domain id.</param>
/// <param name="Rounds">How often a check repeats what has to hold at every moment; 100,000 in memory.</param>
public sealed record EventChannelsSubject(Func<IEventChannels> OpenNear, int NearId, Func<IEventChannels> OpenFar, int FarId, int Rounds);

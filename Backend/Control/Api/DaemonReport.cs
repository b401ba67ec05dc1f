namespace PciBackFlow.Backend.Control.Api;

/// <summary>The daemon itself.</summary>
/// <param name="Version">The program's version.</param>
/// <param name="Platform"><c>xen</c> or <c>loopback</c>.</param>
/// <param name="ProcessId">Its process id.</param>
/// <param name="UptimeSeconds">Seconds since it serves.</param>
/// <param name="Topology"><c>fused</c> or <c>queued</c>.</param>
public sealed record DaemonReport(string Version, string Platform, int ProcessId, double UptimeSeconds, string Topology);

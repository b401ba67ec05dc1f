using PciBackFlow.Backend.Errors;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>What is known of devices' errors.</summary>
/// <param name="Remarks">Why errors are not known, or not all of them, and what makes them worse on this host.</param>
/// <param name="Devices">Devices that have had any, by address.</param>
public sealed record ErrorsReport(IReadOnlyList<string> Remarks, IReadOnlyList<DeviceErrorReport> Devices);

using System.Text.Json.Serialization;
using PciBackFlow.Backend.Devices.Description;

namespace PciBackFlow.Backend.Doctor;

/// <summary>What <c>doctor</c> found.</summary>
/// <param name="Findings">The findings, the heaviest first.</param>
/// <param name="Devices">The devices that were asked for, or are held.</param>
public sealed record DoctorReport(IReadOnlyList<Finding> Findings, IReadOnlyList<DeviceReport> Devices)
{
    /// <summary>Whether something would be refused.</summary>
    [JsonIgnore]
    public bool IsRefused => Findings.Any(static finding => finding.Severity == FindingSeverity.Refusal);

    /// <summary>Whether something could not be looked at.</summary>
    [JsonIgnore]
    public bool IsBlind => Findings.Any(static finding => !finding.Looked);

    /// <summary><c>ok</c>, <c>refused</c> or <c>could_not_look</c>.</summary>
    public string Verdict => IsRefused ? "refused" : IsBlind ? "could_not_look" : "ok";

    /// <summary>Puts findings in order.</summary>
    /// <param name="findings">In the order in which they were found.</param>
    /// <param name="devices">The devices.</param>
    /// <returns>The report.</returns>
    public static DoctorReport Of(IEnumerable<Finding> findings, IReadOnlyList<DeviceReport> devices) =>
        new([.. findings.OrderByDescending(static finding => finding.Severity)], devices);
}

namespace PciBackFlow.Backend.Errors;

/// <summary>What became of one device's errors, for reports.</summary>
/// <param name="Device">The host's function.</param>
/// <param name="Correctable">Errors that hardware corrected.</param>
/// <param name="NonFatal">Errors that lost a transaction.</param>
/// <param name="Fatal">Errors that lost the link.</param>
/// <param name="Coalesced">Of those, how many came while one before was being dealt with: they have no recovery of their own.</param>
/// <param name="Recovered">Recoveries that succeeded.</param>
/// <param name="Failed">Recoveries that failed, or that its guest could not be asked for.</param>
/// <param name="Abandoned">Recoveries whose guest was gone before their end.</param>
/// <param name="BadVerdicts">Answers of guests that the protocol does not have.</param>
/// <param name="LateVerdicts">Answers that did not come in time.</param>
/// <param name="Quarantined">Whether it is given to no guest now.</param>
/// <param name="Last">The last error that was not corrected, in words; null when there was none.</param>
public sealed record DeviceErrorReport(
    string Device,
    long Correctable,
    long NonFatal,
    long Fatal,
    long Coalesced,
    long Recovered,
    long Failed,
    long Abandoned,
    long BadVerdicts,
    long LateVerdicts,
    bool Quarantined,
    string? Last);

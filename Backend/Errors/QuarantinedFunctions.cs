using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Errors;

/// <summary>Functions for guests, but for those in quarantine. Thread-safe.</summary>
/// <param name="functions">Where functions come from.</param>
/// <param name="quarantine">Which are not given.</param>
internal sealed class QuarantinedFunctions(IFunctionSource functions, ErrorQuarantine quarantine) : IFunctionSource
{
    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address) => RefusalOf(address) ?? functions.Claim(domainId, address);

    /// <inheritdoc/>
    public FunctionClaim Continue(int domainId, PciAddress address) => RefusalOf(address) ?? functions.Continue(domainId, address);

    /// <inheritdoc/>
    public void Release(int domainId, PciAddress address) => functions.Release(domainId, address);

    private FunctionClaim? RefusalOf(PciAddress address) =>
        quarantine.Holds(address, out string? reason) ? FunctionClaim.Refused(DeviceFailureKind.Unusable, reason) : null;
}

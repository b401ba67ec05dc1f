using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter;

namespace PciBackFlow.Backend.Devices;

/// <summary>Where an assignment gets its compiled permissions from.</summary>
internal static class FunctionPermissions
{
    public static CompiledFunction Compile(IPciFunction function, AccessPolicy policy, ConfigSpaceMapCache maps) =>
        throw new InvalidOperationException($"{function.Address} under {policy.Profile.Value} needs register tables for {maps}");
}

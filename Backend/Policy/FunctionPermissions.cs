using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Emulated;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Compile;
using PciBackFlow.Stages.Filter.Map;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Backend.Policy;

/// <summary>Compiles a function's permissions for an assignment, and shares equal maps.</summary>
internal static class FunctionPermissions
{
    /// <param name="function">The function.</param>
    /// <param name="policy">The policy that holds for the assignment.</param>
    /// <param name="maps">Where equal maps meet.</param>
    /// <param name="readAll">Whether registers nobody knows are read too: harmless for what is emulated, not for every device.</param>
    /// <param name="isLone">Whether no other function of its card is with it in the guest.</param>
    /// <exception cref="UnsupportedFunctionException">CardBus, or nobody answers.</exception>
    public static CompiledFunction Compile(
        IPciFunction function, AccessPolicy policy, ConfigSpaceMapCache maps, bool? readAll = null, bool isLone = true)
    {
        CompiledFunction compiled = ConfigSpaceMapCompiler.Compile(function, policy, readAll ?? IsEmulated(function), isLone);
        return compiled with { Map = maps.Share(compiled.Map) };
    }

    /// <summary>Whether reading any of its registers has no effect.</summary>
    public static bool IsEmulated(IPciFunction function) => function is EmulatedFunction;
}

using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Compile;

/// <summary>Compiles a function's permissions for an assignment, and shares equal maps.</summary>
public static class FunctionPermissions
{
    /// <summary>Compiles. Reads the header and the known capabilities, each dword at most once; never writes.</summary>
    /// <param name="function">The function.</param>
    /// <param name="policy">The policy that holds for the assignment.</param>
    /// <param name="maps">Where equal maps meet; null when this one meets no other.</param>
    /// <param name="readAll">
    /// Whether registers nobody knows are read too, so that writes to them can be compared with what is there: harmless for what is emulated, not for every
    /// device. Null: when it is emulated.
    /// </param>
    /// <param name="isLone">Whether no other function of its card is with it in the guest.</param>
    /// <returns>The map and the values that a guest starts with.</returns>
    /// <exception cref="UnsupportedFunctionException">The header is neither a device's nor a bridge's (CardBus), or the function does not answer.</exception>
    public static CompiledFunction Compile(
        IPciFunction function, AccessPolicy policy, ConfigSpaceMapCache? maps = null, bool? readAll = null, bool isLone = true)
    {
        CompiledFunction compiled = ConfigSpaceMapCompiler.Compile(function, policy, readAll ?? IsEmulated(function), isLone);
        return maps is null ? compiled : compiled with { Map = maps.Share(compiled.Map) };
    }

    /// <summary>Whether reading any of its registers has no effect.</summary>
    /// <param name="function">The function.</param>
    /// <returns>True for one that is emulated.</returns>
    public static bool IsEmulated(IPciFunction function) => function is EmulatedFunction;
}

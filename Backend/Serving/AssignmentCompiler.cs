using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Running;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter.Compile;
using PciBackFlow.Stages.Filter.Map;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// Compiles what one guest may do with one function: the policy that holds for the two, over the function's registers.
/// Equal maps are shared. Thread-safe.
/// </summary>
/// <param name="policies">Which policy holds.</param>
/// <param name="warnings">Told what of a policy does not fit the function.</param>
internal sealed class AssignmentCompiler(PolicyResolver policies, DistinctWarnings warnings)
{
    private readonly ConfigSpaceMapCache _maps = new();

    /// <summary>Compiles.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">The function.</param>
    /// <param name="options">What the toolstack wants for it; null when it says nothing.</param>
    /// <exception cref="UnsupportedFunctionException">CardBus, or nobody answers.</exception>
    public CompiledFunction Compile(int domainId, IPciFunction function, ToolstackOptions? options)
    {
        CompiledFunction compiled = FunctionPermissions.Compile(function, policies.Resolve(function.Address, options), _maps);
        foreach (string problem in compiled.Problems)
        {
            warnings.Warn(domainId, $"{function.Address}: {problem}");
        }

        return compiled;
    }

    /// <summary>The guest has let go of a function: what was said of it for that guest alone ends. Before anybody else can claim it.</summary>
    /// <param name="function">The function's address on the host.</param>
    public void EndGuest(PciAddress function) => policies.EndGuest(function);
}

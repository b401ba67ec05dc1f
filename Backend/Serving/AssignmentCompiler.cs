using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Running;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

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
    /// <param name="isLone">Whether no other function of its card is with it in the guest.</param>
    /// <exception cref="UnsupportedFunctionException">CardBus, or nobody answers.</exception>
    /// <exception cref="InvalidOperationException">The configuration says nothing definite of the device.</exception>
    public CompiledFunction Compile(int domainId, IPciFunction function, ToolstackOptions? options, bool isLone)
    {
        CompiledFunction compiled = FunctionPermissions.Compile(function, policies.Resolve(function.Address, options), _maps, isLone: isLone);
        foreach (string problem in compiled.Problems)
        {
            // Who wrote a policy can mend it. How the device is made nobody can, and its guest is served all the same: an 82574L's optional AER registers
            // lie under its next capability.
            if (compiled.PolicyProblems.Contains(problem))
            {
                warnings.Warn(domainId, $"{function.Address}: {problem}");
            }
            else
            {
                warnings.Inform(domainId, $"{function.Address}: {problem}");
            }
        }

        return compiled;
    }

    /// <summary>Whether a function is under the policy that holds for it now.</summary>
    /// <param name="function">The function.</param>
    /// <param name="options">What the toolstack wants for it; null when it says nothing.</param>
    /// <exception cref="InvalidOperationException">The configuration says nothing definite of the device.</exception>
    public bool IsCurrent(AssignedFunction function, ToolstackOptions? options) =>
        policies.Resolve(function.Hardware.Address, options).SaysTheSameAs(function.Policy);

    /// <summary>The guest has let go of a function: what was said of it for that guest alone ends. Before anybody else can claim it.</summary>
    /// <param name="function">The function's address on the host.</param>
    public void EndGuest(PciAddress function) => policies.EndGuest(function);
}

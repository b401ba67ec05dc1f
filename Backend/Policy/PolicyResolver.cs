using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Backend.Policy;

/// <summary>
/// Which policy holds for a function: every place of <see cref="PolicyPrecedence"/> is heard, in its order. The daemon, <c>guest-view</c>,
/// <c>explain</c> and <c>learn</c> all ask it, and each setting of its answer says who set it. Thread-safe.
/// </summary>
/// <param name="sources">What the places say.</param>
public sealed class PolicyResolver(PolicySources sources)
{
    /// <summary>A function's policy changed while it may be in use; on the thread that changed it, without locks held.</summary>
    public event Action<PciAddress>? Changed
    {
        add => sources.Attributes.Changed += value;
        remove => sources.Attributes.Changed -= value;
    }

    /// <summary>The policy that holds now.</summary>
    /// <param name="function">The function's address on the host.</param>
    /// <param name="options">What the toolstack wants for it; null when it says nothing.</param>
    /// <returns>The policy; a setting that nobody made is built in.</returns>
    public AccessPolicy Resolve(PciAddress function, ToolstackOptions? options = null)
    {
        AccessPolicy policy = AccessPolicy.Default;
        foreach (PolicyPrecedence.Row row in PolicyPrecedence.Rows)
        {
            policy = row.Hear(sources, function, options).ApplyTo(policy);
        }

        return policy;
    }

    /// <summary>The guest that had a function has let go of it: what was said for that guest alone ends.</summary>
    /// <param name="function">The function's address on the host.</param>
    internal void EndGuest(PciAddress function) => sources.Attributes.Forget(function);
}

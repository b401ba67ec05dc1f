using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Policy;

/// <summary>
/// Which policy holds for a function: every place of <see cref="PolicyPrecedence"/> is heard, in its order. The daemon, <c>guest-view</c>,
/// <c>explain</c> and <c>learn</c> all ask it, and each setting of its answer says who set it. Thread-safe.
/// </summary>
/// <param name="sources">What the places say.</param>
public sealed class PolicyResolver(PolicySources sources)
{
    private volatile PolicySources _sources = sources;

    /// <summary>A function's policy changed while it may be in use; on the thread that changed it, without locks held.</summary>
    public event Action<PciAddress>? Changed
    {
        add => _sources.Attributes.Changed += value;
        remove => _sources.Attributes.Changed -= value;
    }

    /// <summary>The policy that holds now.</summary>
    /// <param name="function">The function's address on the host.</param>
    /// <param name="options">What the toolstack wants for it; null when it says nothing.</param>
    /// <returns>The policy; a setting that nobody made is built in.</returns>
    /// <exception cref="InvalidOperationException">The configuration has no single entry for it (<see cref="DevicePolicies.For"/>).</exception>
    public AccessPolicy Resolve(PciAddress function, ToolstackOptions? options = null)
    {
        PolicySources said = _sources;
        AccessPolicy policy = AccessPolicy.Default;
        foreach (PolicyPrecedence.Row row in PolicyPrecedence.Rows)
        {
            policy = row.Hear(said, function, options).ApplyTo(policy);
        }

        return policy;
    }

    /// <summary>
    /// What the configuration says is another from now on; what is written into pciback's attributes stays. Who has a function is told by the caller.
    /// </summary>
    /// <param name="next">What it says.</param>
    public void Replace(PolicySources next)
    {
        PolicySources before = _sources;
        _sources = before with { General = next.General, Devices = next.Devices, Quirks = next.Quirks };
    }

    /// <summary>The guest that had a function has let go of it: what was said for that guest alone ends.</summary>
    /// <param name="function">The function's address on the host.</param>
    internal void EndGuest(PciAddress function) => _sources.Attributes.Forget(function);
}

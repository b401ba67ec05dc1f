using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Devices.Refusals;

namespace PciBackFlow.Backend.Machines;

/// <summary>What a Xen host is served with.</summary>
public sealed record XenMachineOptions
{
    /// <summary>Xen's version, for people.</summary>
    public required string XenVersion { get; init; }

    /// <summary>Where the state file of held devices lies (serve's <c>--state</c>).</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Told when the host can no longer be served, with the reason: xenstored ended. On a thread of its own.</summary>
    public required Action<string> Lost { get; init; }

    /// <summary>What speaks how strongly against taking a device.</summary>
    public RefusalPolicy Refusals { get; init; } = RefusalPolicy.Default;

    /// <summary>Where its lines go.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;

namespace PciBackFlow.Cli.Serve;

/// <summary>The words of <c>--platform</c> and the machines they mean.</summary>
internal static class DaemonPlatform
{
    public const string Xen = "xen";
    public const string Loopback = "loopback";

    /// <summary>The platform of this machine. A guest of Xen has nobody to serve but itself.</summary>
    public static string Detect() => XenHost.Detect().Kind is XenHostKind.ControlPv or XenHostKind.ControlPvh ? Xen : Loopback;

    /// <summary>Opens the machine that the settings name.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="logger">Where its lines go.</param>
    /// <param name="lost">Told when it can no longer be served, with the reason.</param>
    /// <exception cref="VerbException">Guests can't be served here (exit code 3); every reason with its remedy.</exception>
    /// <exception cref="HypervisorException">Xen, or its libraries, refused.</exception>
    public static Machine Open(DaemonSettings settings, ILogger logger, Action<string> lost)
    {
        if (settings.Platform == Loopback)
        {
            return new EmulatedMachine();
        }

        var host = XenHost.Detect();
        return host.Problems.Count == 0
            ? new XenMachine(new XenMachineOptions
            {
                XenVersion = host.Version ?? "of an unknown version",
                StateDirectory = settings.StateDirectory,
                Lost = lost,
                Refusals = settings.Refusals,
                Logger = logger,
            })
            : throw new VerbException(
                "cannot serve Xen's guests here",
                string.Join("; ", host.Problems.Select(problem => problem.Message)),
                string.Join("\n  ", host.Problems.Select(problem => problem.Remedy)))
            {
                Code = ExitCode.Refused,
            };
    }
}

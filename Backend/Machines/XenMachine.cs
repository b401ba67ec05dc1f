using Microsoft.Extensions.Logging;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;

namespace PciBackFlow.Cli.Serve;

/// <summary>The control domain of a Xen host: its guests, and the host's devices.</summary>
internal sealed partial class XenMachine : DaemonPlatform
{
    private readonly XenHypervisor _hypervisor;
    private readonly IDomainControl _domains;
    private readonly IPhysdev _physdev;
    private readonly DeviceCustody _custody;
    private readonly string _version;
    private readonly string _run;
    private readonly ILogger _logger;
    private PcibackDirectory? _directory;
    private Task _adopting = Task.CompletedTask;

    /// <exception cref="VerbException">Guests can't be served here (exit code 3); every reason with its remedy.</exception>
    /// <exception cref="HypervisorException">Xen, or its libraries, refused.</exception>
    public XenMachine(DaemonSettings settings, ILogger logger, Action<string> lost)
    {
        var host = XenHost.Detect();
        if (host.Problems.Count > 0)
        {
            throw new VerbException(
                "cannot serve Xen's guests here",
                string.Join("; ", host.Problems.Select(problem => problem.Message)),
                string.Join("\n  ", host.Problems.Select(problem => problem.Remedy)))
            {
                Code = ExitCode.Refused,
            };
        }

        _run = settings.RunDirectory;
        _logger = logger;
        _version = host.Version ?? "of an unknown version";
        _hypervisor = new XenHypervisor(lost);
        _domains = _hypervisor.OpenDomainControl();
        _physdev = _hypervisor.OpenPhysdev();
        _custody = DeviceCustody.Open(new DeviceCustodyOptions
        {
            StateDirectory = settings.StateDirectory,
            Domains = _domains,
            Physdev = _physdev,
            Refusals = settings.Refusals,
            Logger = logger,
        });
    }

    public override IHypervisor Hypervisor => _hypervisor;

    public override IDeviceCustody Custody => _custody;

    public override string Remark => $"Xen {_version}; {_custody.Held().Count} devices held";

    public override void Started()
    {
        // Taking a device resets it, which takes seconds: guests that have theirs don't wait for it. What could not be taken is logged by the custody.
        _adopting = Task.Factory.StartNew(() => _custody.AdoptHidden(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            _directory = new PcibackDirectory(_custody, Attributes, _run, _logger);
        }
        catch (BackendException failure)
        {
            // Everything but 'pcibackflow xl' works without it.
            LogNoView(failure.Message);
        }
    }

    public override void Dispose()
    {
        _directory?.Dispose();
        _adopting.Wait();
        _custody.Dispose();
        _physdev.Dispose();
        _domains.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "'pcibackflow xl' will not work: {Reason}")]
    private partial void LogNoView(string reason);
}

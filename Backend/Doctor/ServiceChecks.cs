using System.Globalization;
using System.Text;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Doctor;

/// <summary>The daemon as a service: whether it answers, and whether its files are safe.</summary>
internal static class ServiceChecks
{
    public static IEnumerable<Finding> Daemon(Examination host)
    {
        string socket = Path.Combine(host.RunDirectory, ControlSocket.FileName);
        yield return host.WhyNoDaemon is { } why
            ? new(
                "no-daemon", FindingSeverity.Information, null, $"{why}: whose devices are, and what the journal knows, cannot be asked", socket,
                "Start it (systemctl start pcibackflow), or name its run directory with --run")
            : new("daemon", FindingSeverity.Ok, null, $"the daemon answers, process {host.DaemonProcess}", socket);
    }

    public static IEnumerable<Finding> RunDirectory(Examination host) => Check("run-directory", host.RunDirectory, host.User);

    public static IEnumerable<Finding> StateDirectory(Examination host) => Check("state-directory", host.StateDirectory, host.User);

    public static IEnumerable<Finding> DescriptorStore(Examination host)
    {
        if (host.DaemonProcess is not { } process)
        {
            yield break;
        }

        string file = Path.Combine(host.Proc, process.ToString(CultureInfo.InvariantCulture), "environ");
        string[] variables = Encoding.UTF8.GetString(File.ReadAllBytes(file)).Split('\0');
        string? store = Array.Find(variables, static variable => variable.StartsWith("FDSTORE=", StringComparison.Ordinal));
        bool isService = Array.Exists(variables, static variable => variable.StartsWith("NOTIFY_SOCKET=", StringComparison.Ordinal));
        yield return store is not null
            ? new("descriptor-store", FindingSeverity.Ok, null, "the service manager keeps descriptors for the daemon", $"{file}: {store}")
            : new(
                "descriptor-store", FindingSeverity.Information, null,
                (isService ? "the service manager keeps no descriptors for the daemon" : "no service manager started the daemon")
                + ": what it leaves to the next one lies in its run directory alone",
                $"{file}: no FDSTORE{(isService ? string.Empty : ", no NOTIFY_SOCKET")}",
                isService ? "Nothing is lost without; a store takes systemd 254 or later, with FileDescriptorStoreMax= in the unit" : null);
    }

    private static IEnumerable<Finding> Check(string code, string path, uint user)
    {
        Finding found;
        try
        {
            using var directory = PrivateDirectory.Open(path);
            found = new(code, FindingSeverity.Ok, null, $"{directory.Path} is its user's alone", $"statx of {directory.Path}");
        }
        catch (DirectoryNotFoundException)
        {
            found = new(code, FindingSeverity.Ok, null, $"{path} is not there; the daemon makes it", $"open of {path}: ENOENT");
        }
        catch (UnsafeDirectoryException unsafely) when (user == 0)
        {
            found = new(
                code, FindingSeverity.Refusal, null, $"the daemon would refuse to start: {unsafely.Message}", $"statx of {path}",
                "A daemon's files steer what guests may reach: only its own user may write where they lie");
        }
        catch (UnsafeDirectoryException unsafely)
        {
            // It may well be root's, as it should be.
            found = new(
                code, FindingSeverity.Information, null, $"whether the daemon can use it, its own user sees: {unsafely.Message}", $"statx of {path}",
                "Run it as root");
        }

        yield return found;
    }
}

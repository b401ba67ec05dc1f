using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using PciBackFlow.Cli.Serve;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>The unit that packages install, as systemd itself judges it: <c>systemd-analyze</c> needs no running systemd.</summary>
public sealed partial class ServiceUnitTests
{
    // Of 10: what systemd calls OK begins at 4.9. Where the unit stays above a setting, it says why.
    private const double MostExposed = 3.0;

    [Fact]
    public void Its_exposure_is_at_most_what_was_promised_and_what_the_docs_say()
    {
        string exposure = ExposureLine().Match(Analyze("security", "--offline=yes", "--no-pager", Unit)).Groups["level"].Value;

        Assert.InRange(double.Parse(exposure, CultureInfo.InvariantCulture), 0, MostExposed);
        Assert.Contains($"`systemd-analyze security` gives it {exposure}", File.ReadAllText(Path.Combine(Root, "docs", "daemon.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Systemd_knows_every_line_of_it()
    {
        // Whether the program is installed is not the unit's matter.
        string[] complaints = Analyze("verify", Unit).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.DoesNotContain(complaints, static line => !line.Contains("is not executable", StringComparison.Ordinal));
    }

    /// <summary>Else a configuration with another one has clients, the guard of the host's sleep and the package's scripts look where no daemon is.</summary>
    [Fact]
    public void The_daemon_has_the_run_directory_in_which_everything_that_is_installed_looks_for_it()
    {
        string[] lines = File.ReadAllLines(Unit);

        Assert.Contains(lines, static line => line.StartsWith("ExecStart=", StringComparison.Ordinal)
            && line.EndsWith($" --run {DaemonConfiguration.DefaultRunDirectory}", StringComparison.Ordinal));
        Assert.Contains($"RuntimeDirectory={Path.GetFileName(DaemonConfiguration.DefaultRunDirectory)}", lines);
        string packaging = Path.Combine(Root, "packaging");
        Assert.All(
            new[] { "systemd/systemd-suspend.service.d/pcibackflow.conf", "debian/pcibackflow.prerm", "debian/pcibackflow.postinst" },
            file => Assert.Contains(DaemonConfiguration.DefaultRunDirectory, File.ReadAllText(Path.Combine(packaging, file)), StringComparison.Ordinal));
    }

    private static string Root => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", ".."));

    private static string Unit => Path.Combine(Root, "packaging", "systemd", "pcibackflow.service");

    private static string Analyze(params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "needs systemd-analyze (Debian's package systemd)");
        ProcessStartInfo start = new("/usr/bin/systemd-analyze", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        return process.StandardOutput.ReadToEnd() + errors.Result;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"Overall exposure level for pcibackflow\.service: (?<level>[0-9.]+)")]
    private static partial Regex ExposureLine();
}

using System.Globalization;

namespace PciBackFlow.Cli.Tests.Packaging;

/// <summary>What the package's scripts do at a removal, with stand-ins for the programs they call and directories of the test's own.</summary>
public sealed class RemovalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RemovalTests() => StandIn("pcibackflow", "echo 'pcibackflow: cannot read the status: its answer was not understood' >&2; exit 1");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_refused_while_a_daemon_lives_that_does_not_say_what_guests_have()
    {
        _folder.Write("run/pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");

        (int refused, string output, string errors) = Run("prerm", "remove");

        Assert.Equal((1, ""), (refused, output));
        Assert.Contains($"(process {Environment.ProcessId})", errors, StringComparison.Ordinal);
        Assert.Contains("its answer was not understood", errors, StringComparison.Ordinal);
        Assert.Contains("PCIBACKFLOW_REMOVE_ANYWAY=1", errors, StringComparison.Ordinal);
        Assert.Equal(0, Run("prerm", "remove", "PCIBACKFLOW_REMOVE_ANYWAY=1").ExitCode);
        Assert.Equal(0, Run("prerm", "upgrade").ExitCode);
    }

    [Fact]
    public void It_is_refused_while_guests_of_a_daemon_that_is_gone_may_still_run()
    {
        // No process has this number: it is above what Linux gives.
        _folder.Write("run/pid", "99999999\n");
        _folder.Write("run/guests/guest-3-0.json", "{}");
        _folder.Write("run/guests/function-0000:03:00.0", "");

        (int refused, _, string errors) = Run("prerm", "remove");

        Assert.Equal(1, refused);
        Assert.Contains("left devices with guests (function-0000:03:00.0)", errors, StringComparison.Ordinal);
        Assert.Equal(0, Run("prerm", "remove", "PCIBACKFLOW_REMOVE_ANYWAY=1").ExitCode);
    }

    [Fact]
    public void It_goes_on_without_a_daemon_and_without_guests_that_have_a_device()
    {
        _folder.Write("run/guests/guest-3-0.json", "{}");
        _folder.Write("run/pid", "99999999\n");

        Assert.Equal((0, "", ""), Run("prerm", "remove"));
    }

    [Fact]
    public void It_is_refused_while_the_daemon_says_that_a_guest_has_a_device_and_goes_on_once_none_has()
    {
        StandIn("pcibackflow", """[ "$1" != status ] || echo '      "host": "0000:03:00.0",'""");
        (int refused, _, string errors) = Run("prerm", "remove");
        StandIn("pcibackflow", """[ "$1" = status ] && echo '{}' || echo 0000:03:00.0""");
        (int removed, _, string warning) = Run("prerm", "remove");

        Assert.Equal((1, 0), (refused, removed));
        Assert.Contains("guests have devices that this program serves: 0000:03:00.0", errors, StringComparison.Ordinal);
        Assert.Contains("no driver of this host gets these back before it boots again: 0000:03:00.0", warning, StringComparison.Ordinal);
    }

    /// <summary>The daemon mounts xl's view into its run directory and leaves it there: nothing that is mounted can be removed.</summary>
    [Fact]
    public void Purging_unmounts_what_the_daemon_has_mounted_before_it_removes_where_that_lay()
    {
        string drivers = _folder["run/drivers"];
        foreach (string mounted in new[] { "mounted/1", "mounted/2", "run/drivers/pciback/slots", "state/devices.json" })
        {
            _folder.Write(mounted, "");
        }

        // Two file systems lie there, each below what a name leads to; more than that there is not.
        StandIn("umount", $"""
            [ "$1" = -l ] || exit 1
            case "$2" in
            {drivers}/pciback) rm "{_folder["mounted/1"]}" 2>/dev/null ;;
            {drivers}) rm "{_folder["mounted/2"]}" 2>/dev/null ;;
            *) exit 1 ;;
            esac
            """);
        StandIn("rm", $"""
            [ "$1" != -rf ] || [ -z "$(ls -A "{_folder["mounted"]}")" ] || exit 1
            exec /bin/rm "$@"
            """);

        Assert.Equal((0, "", ""), Run("postrm", "remove"));
        Assert.True(Directory.Exists(drivers));
        Assert.Equal((0, "", ""), Run("postrm", "purge"));
        Assert.False(Directory.Exists(_folder["run"]));
        Assert.False(Directory.Exists(_folder["state"]));

        // And where nothing is mounted, or nothing is there.
        Assert.Equal((0, "", ""), Run("postrm", "purge"));
    }

    private (int ExitCode, string Output, string Errors) Run(string script, string action, params string[] environment)
    {
        string text = File.ReadAllText(PackagingTree.File("debian", "pcibackflow." + script));
        text = text.Replace("/run/pcibackflow", _folder["run"], StringComparison.Ordinal)
            .Replace("/var/lib/pcibackflow", _folder["state"], StringComparison.Ordinal);
        string copy = _folder.Write(script, text);
        return PackagingTree.Run("/usr/bin/env", "coreutils", [$"PATH={_folder["bin"]}:/usr/bin:/bin", .. environment, "/bin/sh", copy, action]);
    }

    private void StandIn(string program, string script)
    {
        string path = _folder.Write($"bin/{program}", "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

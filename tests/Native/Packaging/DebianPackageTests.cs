using System.IO.Compression;
using System.Text.RegularExpressions;

namespace PciBackFlow.Native.Tests.Packaging;

public sealed partial class DebianPackageTests(DebianPackage package) : IClassFixture<DebianPackage>
{
    private const string Script = "initramfs-tools/scripts/init-top/pcibackflow";

    [Theory]
    [InlineData("lib/systemd/system/pcibackflow.service", "systemd/pcibackflow.service")]
    [InlineData("usr/lib/systemd/system/systemd-suspend.service.d/pcibackflow.conf", "systemd/systemd-suspend.service.d/pcibackflow.conf")]
    [InlineData("usr/share/initramfs-tools/hooks/pcibackflow", "initramfs-tools/hooks/pcibackflow")]
    [InlineData("usr/share/" + Script, Script)]
    [InlineData("usr/lib/dracut/modules.d/90pcibackflow/hide.sh", Script)]
    [InlineData("usr/lib/dracut/modules.d/90pcibackflow/module-setup.sh", "dracut/90pcibackflow/module-setup.sh")]
    [InlineData("usr/lib/dracut/modules.d/90pcibackflow/run-hide.sh", "dracut/90pcibackflow/run-hide.sh")]
    [InlineData("etc/pcibackflow/pcibackflow.json", "etc/pcibackflow.json")]
    [InlineData("usr/share/pcibackflow/grafana/pcibackflow.json", "grafana/pcibackflow.json")]
    [InlineData("usr/share/pcibackflow/prometheus/alerts.yml", "prometheus/alerts.yml")]
    public void What_it_installs_is_the_one_file_of_this_tree_with_its_mode(string installed, string source)
    {
        string file = Path.Combine(package.Unpacked, installed);
        // Newer tools of Debian's put a unit below /usr.
        file = File.Exists(file) ? file : Path.Combine(package.Unpacked, "usr", installed);
        string original = Path.Combine(DebianPackage.Root, "packaging", source);

        Assert.Equal(File.ReadAllBytes(original), File.ReadAllBytes(file));
        Assert.Null(new FileInfo(file).LinkTarget);
        Assert.Equal(File.GetUnixFileMode(original) & UnixFileMode.UserExecute, File.GetUnixFileMode(file) & UnixFileMode.UserExecute);
    }

    [Fact]
    public void The_program_in_it_is_the_one_that_was_tested()
    {
        byte[] installed = File.ReadAllBytes(Path.Combine(package.Unpacked, "usr/bin/pcibackflow"));

        Assert.True(File.ReadAllBytes(NativeBinary.Path).AsSpan().SequenceEqual(installed));
    }

    [Fact]
    public void The_manual_page_has_every_verb_that_the_program_completes()
    {
        using GZipStream compressed = new(File.OpenRead(package.Find("pcibackflow.1.gz")), CompressionMode.Decompress);
        string page = new StreamReader(compressed).ReadToEnd().Replace(@"\-", "-", StringComparison.Ordinal);

        string[] verbs =
        [
            .. NativeBinary.Run("[suggest:0]").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static word => char.IsAsciiLetter(word[0])),
        ];
        Assert.Contains("pci-attach", verbs);
        Assert.All(verbs, verb => Assert.Contains($"\n.SS \"{verb}\"\n", page, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("usr/share/bash-completion/completions/pcibackflow", "bash")]
    [InlineData("usr/share/zsh/vendor-completions/_pcibackflow", "zsh")]
    [InlineData("usr/share/fish/vendor_completions.d/pcibackflow.fish", "fish")]
    public void Each_shell_finds_what_the_program_prints_for_it(string file, string shell) =>
        Assert.Equal(NativeBinary.Run($"completion {shell}").Output, File.ReadAllText(Path.Combine(package.Unpacked, file)));

    [Fact]
    public void An_upgrade_leaves_the_configuration_and_the_daemon_alone()
    {
        Assert.Equal("/etc/pcibackflow/pcibackflow.json\n", Control("conffiles"));

        Assert.Single(Stops("prerm"));
        Assert.Matches(@"""\$1"" = remove .*\n.*deb-systemd-invoke stop", Control("prerm"));
        Assert.Empty(Stops("postinst"));
        Assert.False(File.Exists(Path.Combine(package.Unpacked, "DEBIAN", "preinst")));
    }

    [Fact]
    public void The_initramfs_is_made_anew_with_it() =>
        Assert.Matches(@"(?m)^activate-noawait update-initramfs$", Control("triggers"));

    [Theory]
    [InlineData("postinst")]
    [InlineData("prerm")]
    [InlineData("postrm")]
    public void A_maintainer_script_can_be_read_by_a_plain_shell(string name) =>
        Assert.Equal("", DebianPackage.Run("/bin/sh", "-n", Path.Combine(package.Unpacked, "DEBIAN", name)));

    [Fact]
    public void Lintian_has_nothing_to_say()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/lintian"), "needs lintian");

        Assert.Equal("", DebianPackage.Run("/usr/bin/lintian", "--allow-root", "--display-info", "--pedantic", "--fail-on", "error,warning", package.Changes));
    }

    // What a script does; what it says to people, on a line of its own or behind an echo, may name a command.
    private IEnumerable<string> Stops(string script) => Control(script).Split('\n').Where(static line =>
        StopsDaemon().IsMatch(line) && !line.Contains("echo ", StringComparison.Ordinal) && !line.TrimStart().StartsWith('"'));

    private string Control(string name) => File.ReadAllText(Path.Combine(package.Unpacked, "DEBIAN", name));

    [GeneratedRegex(@"(?m)(invoke|systemctl)\s.*\b(stop|restart|try-restart)\b|_dh_action=(stop|restart|try-restart)")]
    private static partial Regex StopsDaemon();
}

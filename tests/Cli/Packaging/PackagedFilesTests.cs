using System.Text.Json;

namespace PciBackFlow.Cli.Tests.Packaging;

/// <summary>What packages install, as far as it can be told without making one.</summary>
public sealed class PackagedFilesTests
{
    [Fact]
    public void Every_script_is_one_that_a_plain_shell_can_read()
    {
        string[] scripts =
        [
            .. Directory.EnumerateFiles(PackagingTree.Root, "*", SearchOption.AllDirectories)
                .Where(static file => File.ReadLines(file).FirstOrDefault() == "#!/bin/sh"),
        ];

        Assert.Superset(
            new HashSet<string>(["pcibackflow.postinst", "pcibackflow.prerm", "pcibackflow.postrm", "without-xen", "build-deb"]),
            scripts.Select(static script => Path.GetFileName(script)).ToHashSet());
        Assert.All(scripts, static script => Assert.Equal((0, "", ""), PackagingTree.Run("/bin/sh", "dash", "-n", script)));
    }

    [Fact]
    public void The_configuration_that_packages_bring_sets_nothing_and_shows_every_key_with_its_default()
    {
        string file = PackagingTree.File("etc", "pcibackflow.json");

        JsonElement[] with = [.. CliRun.Of("serve", "--check", "--json", "--config", file).Json().EnumerateArray()];

        Assert.NotEmpty(with);
        Assert.All(with, static setting => Assert.Contains(Origin(setting), new[] { "default", "detected" }));

        // As the file says: without the slashes a line sets what it shows.
        using TemporaryFolder folder = new();
        IEnumerable<string> lines = File.ReadLines(file).Select(static line => line.Replace("  // \"", "  \"", StringComparison.Ordinal));
        string opened = folder.Write("all.json", string.Join('\n', lines));
        JsonElement[] set = [.. CliRun.Of("serve", "--check", "--json", "--config", opened).Json().EnumerateArray()];
        // The run directory is the unit's to say (ServiceUnitTests).
        Assert.All(set.Where(static setting => Key(setting) != "run"), static setting => Assert.StartsWith("file", Origin(setting), StringComparison.Ordinal));
        JsonElement[] defaults = [.. with.Where(static setting => Origin(setting) == "default")];
        Assert.All(defaults, setting => Assert.Equal(Value(setting), Value(set, Key(setting))));
    }

    [Fact]
    public void What_monitoring_needs_is_installed_where_the_docs_say()
    {
        string[] installed = File.ReadAllLines(PackagingTree.File("debian", "pcibackflow.install"));
        string metrics = File.ReadAllText(Path.Combine(PackagingTree.Root, "..", "docs", "metrics.md"));

        foreach (string file in new[] { "grafana/pcibackflow.json", "prometheus/alerts.yml" })
        {
            Assert.True(File.Exists(PackagingTree.File(file.Split('/'))));
            Assert.Contains($"packaging/{file.Split('/')[0]} usr/share/pcibackflow", installed);
            Assert.Contains($"/usr/share/pcibackflow/{file}", metrics, StringComparison.Ordinal);
        }
    }

    private static string Origin(JsonElement setting) => setting.GetProperty("origin").GetString()!;

    private static string Key(JsonElement setting) => setting.GetProperty("key").GetString()!;

    private static string Value(JsonElement setting) => setting.GetProperty("value").ToString();

    private static string Value(JsonElement[] settings, string key) => Value(Assert.Single(settings, setting => Key(setting) == key));
}

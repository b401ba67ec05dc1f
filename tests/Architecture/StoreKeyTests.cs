using System.Text.RegularExpressions;

namespace PciBackFlow.Architecture.Tests;

/// <summary>A xenstore key is named at one place, so that a reader finds all of them and no two writers differ.</summary>
public sealed partial class StoreKeyTests
{
    private static readonly string[] Places =
        ["Pipeline", "Pci", "Filter", "Stages", "Hardware", "Backend", "Perf", "Cli", "tests/Backend", "tests/Perf", "tests/Conformance", "tests/Cli"];

    // Who names them, who implements a store, and the tests that hold the names to their literals.
    private static readonly string[] Exempt = ["Backend/Xenstore/", "Hardware/Hypervisor/", "tests/Backend/Xenstore/"];

    [Fact]
    public void Keys_are_named_by_the_Xenstore_room_alone()
    {
        IEnumerable<string> offences =
            from place in Places
            from file in SourceTree.Files(place)
            let path = Path.GetRelativePath(SourceTree.Root, file).Replace(Path.DirectorySeparatorChar, '/')
            where !Exempt.Any(exempt => path.StartsWith(exempt, StringComparison.Ordinal))
            from line in File.ReadLines(file)
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
            where Paths().IsMatch(line) || (!path.StartsWith("tests/", StringComparison.Ordinal) && Names().IsMatch(line))
            select $"{path}: {line.Trim()}";

        Assert.Empty(offences);
    }

    [Theory]
    [InlineData("""store.Read($"/local/domain/{id}/name")""")]
    [InlineData("""store.Write($"{backend}/state", "7");""")]
    [InlineData("""store.Write($"{backend}/vdev-{n}", text);""")]
    [InlineData("""store.Watch("@releaseDomain", _ => Look());""")]
    [InlineData("""string key = "opts-" + n;""")]
    public void A_key_that_is_named_elsewhere_would_be_found(string line) => Assert.True(Paths().IsMatch(line) || Names().IsMatch(line));

    // Where keys lie.
    [GeneratedRegex("""
        "[^"]*(/local/domain|backend/pci|/libxl/pci|/device/pci|@introduceDomain|@releaseDomain)
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Paths();

    // How they are called. Tests may say what a key is to hold; the product asks for it.
    [GeneratedRegex("""
        "([^"\s]*/)?((state|dev|vdev|vdevfn|opts|error|key|root)-(\{|"|\d)|num_devs|root_num|aerState|pci-op-ref|frontend-id|backend-id)|\}/(state|online)\b
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Names();
}

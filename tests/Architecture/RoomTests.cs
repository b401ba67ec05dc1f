namespace PciBackFlow.Architecture.Tests;

/// <summary>
/// A room is a folder and a namespace, and rooms use each other in one direction only: then each can be read, tested
/// and changed without those above it.
/// </summary>
public sealed class RoomTests
{
    [Theory]
    [InlineData("Pci")]
    [InlineData("Filter")]
    [InlineData("Pipeline")]
    [InlineData("Stages")]
    [InlineData("Backend")]
    [InlineData("Perf")]
    [InlineData("Cli")]
    public void Rooms_never_use_each_other_in_a_circle(string layer) => Assert.Empty(Cycles(layer));

    /// <summary>
    /// The domains of the hypervisor in memory are what its event channels, grants, store and devices belong to, and hold
    /// all of them: one thing in five folders.
    /// </summary>
    [Fact]
    public void Only_the_hypervisor_in_memory_is_one_thing_in_several_rooms() =>
        Assert.DoesNotContain(Cycles("Hardware"), static cycle => !cycle.StartsWith("Hypervisor.Loopback", StringComparison.Ordinal));

    [Theory]
    [InlineData("Pipeline")]
    [InlineData("Pci")]
    [InlineData("Filter")]
    [InlineData("Hardware")]
    [InlineData("Stages")]
    [InlineData("Backend")]
    [InlineData("Perf")]
    [InlineData("Cli")]
    public void A_file_s_namespace_is_its_folder(string layer)
    {
        IEnumerable<string> offences =
            from file in SourceTree.Files(layer)
            let folder = Path.GetRelativePath(SourceTree.Root, Path.GetDirectoryName(file)!)
            let expected = $"namespace PciBackFlow.{folder.Replace(Path.DirectorySeparatorChar, '.')};"
            where !folder.StartsWith(Path.Combine("Perf", "Benchmarks"), StringComparison.Ordinal) && !File.ReadLines(file).Contains(expected)
            select $"{Path.GetRelativePath(SourceTree.Root, file)} is not in {expected}";

        Assert.Empty(offences);
    }

    /// <summary>One line each, in the table of docs/design.md: who adds a room says there what it is for.</summary>
    [Theory]
    [InlineData("Pipeline")]
    [InlineData("Pci")]
    [InlineData("Filter")]
    [InlineData("Hardware")]
    [InlineData("Stages")]
    [InlineData("Backend")]
    [InlineData("Perf")]
    [InlineData("Cli")]
    public void Every_room_has_its_charter(string layer)
    {
        string design = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "design.md"));

        IEnumerable<string> unexplained =
            from folder in SourceTree.Files(layer).Select(Path.GetDirectoryName).Distinct()
            where !design.Contains($"{Path.GetFileName(folder)}/", StringComparison.Ordinal)
            select $"{Path.GetRelativePath(SourceTree.Root, folder!)} is not in docs/design.md";

        Assert.Empty(unexplained);
    }

    [Theory]
    [InlineData("Pipeline")]
    [InlineData("Pci")]
    [InlineData("Filter")]
    [InlineData("Hardware")]
    [InlineData("Stages")]
    [InlineData("Backend")]
    [InlineData("Perf")]
    [InlineData("Cli")]
    public void A_room_is_small_enough_to_be_seen_at_once(string layer)
    {
        const int MostFiles = 25;

        IEnumerable<string> large = SourceTree.Files(layer).GroupBy(static file => Path.GetDirectoryName(file))
            .Where(static room => room.Count() > MostFiles)
            .Select(static room => $"{Path.GetRelativePath(SourceTree.Root, room.Key!)} has {room.Count()} files");

        Assert.Empty(large);
    }

    [Fact]
    public void No_type_name_is_used_twice()
    {
        IEnumerable<string> twice = new[] { "Pipeline", "Pci", "Filter", "Hardware", "Stages", "Backend", "Perf", "Cli" }
            .SelectMany(static layer =>
            {
                using var assembly = CompiledAssembly.Load(layer);
                return assembly.Types.Where(static type => type.StartsWith("PciBackFlow.", StringComparison.Ordinal)).ToArray();
            })
            .GroupBy(static type => type[(type.LastIndexOf('.') + 1)..].Split('`')[0])
            .Where(static group => group.Count() > 1)
            .Select(static group => string.Join(" and ", group));

        Assert.Empty(twice);
    }

    private static string[] Cycles(string layer)
    {
        using var assembly = CompiledAssembly.Load(layer);
        return [.. new RoomGraph($"PciBackFlow.{layer}", assembly.Uses.Concat(ConstantUses.Of(layer))).Cycles];
    }
}

namespace PciBackFlow.Architecture.Tests;

/// <summary>
/// A room is a folder and a namespace, and rooms use each other in one direction only: then each can be read, tested
/// and changed without those above it.
/// </summary>
public sealed class RoomTests
{
    [Theory]
    [InlineData("Pipeline")]
    [InlineData("Stages")]
    [InlineData("Perf")]
    [InlineData("Cli")]
    public void Rooms_never_use_each_other_in_a_circle(string layer)
    {
        using var assembly = CompiledAssembly.Load(layer);

        Assert.Empty(new RoomGraph($"PciBackFlow.{layer}", assembly.Uses).Cycles);
    }

    [Theory]
    [InlineData("Pipeline")]
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

    [Fact]
    public void No_type_name_is_used_twice()
    {
        IEnumerable<string> twice = new[] { "Pipeline", "Hardware", "Stages", "Backend", "Perf", "Cli" }
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
}

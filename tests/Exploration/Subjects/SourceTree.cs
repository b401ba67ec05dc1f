namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>The checkout the tests were built from.</summary>
internal static class SourceTree
{
    private static string Root { get; } = FindRoot();

    /// <summary>Source files below a folder, without build output.</summary>
    internal static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(static file => !file.Split(Path.DirectorySeparatorChar).Any(static part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "PciBackFlow.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("PciBackFlow.sln is in no folder above the test binaries.");
    }
}

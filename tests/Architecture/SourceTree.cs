namespace PciBackFlow.Architecture.Tests;

/// <summary>The checkout the tests were built from.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>The product's own source files below a folder, without build output.</summary>
    public static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));

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

namespace PciBackFlow.Filter.Tests.Packages;

/// <summary>Both packages, packed of what this run was built with.</summary>
public sealed class PackedFolder : IDisposable
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pcibackflow-packages-");

    public PackedFolder()
    {
        foreach (string project in (string[])["Pci", "Filter"])
        {
            Dotnet.Run(Root(), "pack", project, "-c", Configuration, "--no-build", "--nologo", "-v", "q", "-o", Path);
        }
    }

    public string Path => _folder.FullName;

    public string File(string extension, string id) =>
        Directory.GetFiles(Path, $"{id}.*{extension}").Single();

    public bool Has(string extension, string id) => Directory.GetFiles(Path, $"{id}.*{extension}").Length == 1;

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(System.IO.Path.Combine(directory.FullName, "PciBackFlow.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("PciBackFlow.sln is in no folder above the test binaries.");
    }
}

using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using PciBackFlow.Filter.Tests.Samples;

namespace PciBackFlow.Filter.Tests.Packages;

/// <summary>The packages as somebody else gets them: what is in them, what they need, and that the README's samples run on nothing but them.</summary>
public sealed class PackageTests(PackedFolder packed) : IClassFixture<PackedFolder>
{
    [Theory]
    [InlineData("PciBackFlow.Pci")]
    [InlineData("PciBackFlow.Filter")]
    public void A_package_holds_its_assembly_its_documentation_and_its_readme_and_nothing_else(string id)
    {
        using ZipArchive package = Open(id);

        string[] own = [.. package.Entries.Select(static entry => entry.FullName)
            .Where(static name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal))];

        Assert.Equal(["README.md", "[Content_Types].xml", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml", $"{id}.nuspec"], own.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("PciBackFlow.Pci", new string[0])]
    [InlineData("PciBackFlow.Filter", new[] { "PciBackFlow.Pci" })]
    public void A_package_depends_on_no_other_than_these(string id, string[] dependencies)
    {
        using ZipArchive package = Open(id);
        using Stream stream = package.GetEntry($"{id}.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
        XNamespace space = metadata.Name.Namespace;

        Assert.Equal(dependencies, metadata.Descendants(space + "dependency").Select(static one => one.Attribute("id")!.Value));
        Assert.Equal("MIT", metadata.Element(space + "license")!.Value);
        Assert.Equal("README.md", metadata.Element(space + "readme")!.Value);
        Assert.NotEmpty(metadata.Element(space + "description")!.Value);
    }

    [Theory]
    [InlineData("PciBackFlow.Pci")]
    [InlineData("PciBackFlow.Filter")]
    public void A_package_s_assembly_refers_to_the_framework_and_the_facts_alone(string id)
    {
        using ZipArchive package = Open(id);
        using MemoryStream bytes = new();
        using (Stream stream = package.GetEntry($"lib/net10.0/{id}.dll")!.Open())
        {
            stream.CopyTo(bytes);
        }

        bytes.Position = 0;
        using PEReader file = new(bytes);
        MetadataReader reader = file.GetMetadataReader();
        IEnumerable<string> references = reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name));

        Assert.DoesNotContain(references, name => !name.StartsWith("System.", StringComparison.Ordinal) && name != "Microsoft.Win32.Primitives"
            && (name != "PciBackFlow.Pci" || id == "PciBackFlow.Pci"));
    }

    [Fact]
    public void Symbols_are_packed_beside_it() => Assert.True(packed.Has(".snupkg", "PciBackFlow.Filter") && packed.Has(".snupkg", "PciBackFlow.Pci"));

    /// <summary>A project outside this tree, restored from the folder alone: no registry is asked.</summary>
    [Fact]
    public void The_samples_build_and_run_on_nothing_but_the_packages()
    {
        string project = Directory.CreateDirectory(Path.Combine(packed.Path, "consumer")).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Samples", "Consumer.csproj.txt"), Path.Combine(project, "Consumer.csproj"));
        string[] samples = ["ExplainSample", "ServeSample", "MapSample"];
        foreach (string sample in samples)
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Samples", $"{sample}.cs"), Path.Combine(project, $"{sample}.cs"));
        }

        string program = string.Concat(samples.Select(static sample => $"PciBackFlow.Samples.{sample}.Run(Console.Out);\n"));
        File.WriteAllText(Path.Combine(project, "Program.cs"), program);
        Directory.CreateSymbolicLink(Path.Combine(project, "packages"), packed.Path);

        string printed = Dotnet.Run(project, "run", "-c", "Release", "--nologo", "-v", "q");

        Assert.Equal(string.Concat(samples.Select(SampleTests.Printed)), printed);
    }

    private ZipArchive Open(string id) => ZipFile.OpenRead(packed.File(".nupkg", id));
}

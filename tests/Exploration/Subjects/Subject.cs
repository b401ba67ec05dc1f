using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace PciBackFlow.Exploration.Tests.Subjects;

using Scenario = Scheduling.Scenario;

/// <summary>
/// What is explored: the pipeline's own source files, compiled together with the scenarios against the instrumented types. There is no
/// model of the pipeline here, and nothing in it knows of the explorer.
/// </summary>
internal sealed class Subject
{
    private const string Imports = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Language = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);
    private static readonly Lazy<CSharpCompilation> Sources = new(ParseAll);
    private static readonly Lazy<Subject> Plain = new(static () => new Subject(Sources.Value));

    private readonly Assembly _assembly;

    private Subject(CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(image);
        if (!result.Success)
        {
            IEnumerable<Diagnostic> errors = result.Diagnostics.Where(static d => d.Severity == DiagnosticSeverity.Error);
            throw new InvalidOperationException(
                $"the pipeline does not compile against the instrumented types:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
        }

        Image = [.. image.ToArray()];
        image.Position = 0;
        _assembly = new AssemblyLoadContext("subject").LoadFromStream(image);
    }

    /// <summary>The sources as they are.</summary>
    internal static Subject Unchanged => Plain.Value;

    /// <summary>Names of all scenarios.</summary>
    internal static IEnumerable<string> Scenarios =>
        Unchanged.ScenarioTypes.Select(static type => type.Name).Order(StringComparer.Ordinal);

    /// <summary>The compiled assembly.</summary>
    internal ImmutableArray<byte> Image { get; }

    private IEnumerable<Type> ScenarioTypes =>
        _assembly.GetTypes().Where(static type => !type.IsAbstract && type.IsAssignableTo(typeof(Scenario)));

    /// <summary>The sources with one mistake.</summary>
    internal static Subject With(PlantedBug bug)
    {
        SyntaxTree tree = Sources.Value.SyntaxTrees.Single(t => Path.GetFileName(t.FilePath) == bug.File);
        return new Subject(Sources.Value.ReplaceSyntaxTree(tree, Parse(tree.FilePath, bug.PlantIn(File.ReadAllText(tree.FilePath)))));
    }

    /// <summary>A new instance of a scenario.</summary>
    internal Scenario Create(string scenario) =>
        (Scenario)Activator.CreateInstance(ScenarioTypes.Single(type => type.Name == scenario))!;

    private static CSharpCompilation ParseAll()
    {
        // The small engine of the pipeline's own tests serves here too, but for the part that waits on the real clock.
        string[] folders = ["Pipeline", "tests/Pipeline/Toy", "tests/Exploration/Scenarios"];
        IEnumerable<SyntaxTree> trees = folders.SelectMany(SourceTree.Files).Where(static file => Path.GetFileName(file) != "ToyEngine.cs")
            .Select(static file => Parse(file, File.ReadAllText(file)));
        string[] platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        return CSharpCompilation.Create(
            "PciBackFlow.Pipeline.Explored",
            trees.Append(CSharpSyntaxTree.ParseText(Imports, Language, "Imports.cs", Encoding.UTF8)),
            platform.Select(static file => MetadataReference.CreateFromFile(file)),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
    }

    private static SyntaxTree Parse(string path, string text)
    {
        SyntaxNode root = new LockRewriter().Visit(CSharpSyntaxTree.ParseText(text, Language).GetRoot());
        return CSharpSyntaxTree.Create((CSharpSyntaxNode)root, Language, path, Encoding.UTF8);
    }
}

using System.Text.RegularExpressions;

namespace PciBackFlow.Architecture.Tests;

/// <summary>One test for every "never" of the layers' table in docs/design.md.</summary>
public sealed partial class LayerTests
{
    // An arrow of the table is a permission; what is not listed is forbidden.
    public static TheoryData<string, string[]> AllowedReferences => new()
    {
        { "Pipeline", [] },
        { "Pci", [] },
        { "Filter", ["Pci"] },
        { "Hardware", ["Pci"] },
        { "Stages", ["Pipeline", "Filter", "Hardware", "Pci"] },
        { "Backend", ["Stages", "Pipeline", "Filter", "Hardware", "Pci"] },
        { "Perf", ["Backend", "Stages", "Pipeline", "Filter", "Hardware", "Pci"] },
        { "Cli", ["Perf", "Backend", "Stages", "Pipeline", "Filter", "Hardware", "Pci"] },
    };

    [Theory]
    [MemberData(nameof(AllowedReferences))]
    public void A_layer_uses_only_the_layers_below_it(string layer, string[] allowed)
    {
        using var assembly = CompiledAssembly.Load(layer);

        IEnumerable<string> used = assembly.References.Where(name => name.StartsWith("PciBackFlow.", StringComparison.Ordinal))
            .Select(name => name["PciBackFlow.".Length..]);

        Assert.Empty(used.Except(allowed));
    }

    [Fact]
    public void The_pipeline_knows_no_word_of_PCI_or_Xen()
    {
        IEnumerable<string> offences = SourceTree.Files("Pipeline")
            .SelectMany(file => File.ReadLines(file).Select((line, index) => (file, line, number: index + 1)))
            .Where(entry => Domain().IsMatch(entry.line.Replace("PciBackFlow", "", StringComparison.Ordinal)))
            .Select(entry => $"{Path.GetFileName(entry.file)}:{entry.number}: {entry.line.Trim()}");

        Assert.Empty(offences);
    }

    [Theory]
    [InlineData("Filter")]
    [InlineData("Stages")]
    public void Filter_and_stages_call_no_native_code(string layer) => Assert.Empty(Load(layer, assembly => assembly.NativeMethods));

    [Fact]
    public void Stages_do_no_input_or_output_of_their_own() =>
        Assert.Empty(Load("Stages", assembly => assembly.ForeignTypes.Where(type => type.StartsWith("System.IO.", StringComparison.Ordinal)
            || type is "System.Console" or "System.Diagnostics.Process")));

    [Theory]
    [InlineData("Pci")]
    [InlineData("Filter")]
    [InlineData("Stages")]
    public void Facts_filter_and_stages_start_no_threads(string layer) =>
        Assert.Empty(Load(layer, assembly => assembly.ForeignMembers.Where(member => member == "System.Threading.Thread..ctor"
            || member.StartsWith("System.Threading.ThreadPool.", StringComparison.Ordinal)
            || member.StartsWith("System.Threading.Timer.", StringComparison.Ordinal)
            || member.StartsWith("System.Threading.Tasks.", StringComparison.Ordinal))));

    [Theory]
    [InlineData("Filter")]
    [InlineData("Stages")]
    public void Filter_and_stages_have_nothing_of_a_thread_in_hand(string layer) =>
        Assert.Empty(Load(layer, assembly => assembly.ForeignTypes.Where(type => type is "System.Threading.Thread"
            or "System.Threading.ThreadPool" or "System.Threading.Timer"
            || type.StartsWith("System.Threading.Tasks.", StringComparison.Ordinal))));

    // Files are where policies come from; nothing else of the filter touches anything but the function.
    [Fact]
    public void The_filter_reads_files_in_one_room()
    {
        IEnumerable<string> offences = SourceTree.Files("Filter").Where(static file => Path.GetFileName(Path.GetDirectoryName(file)) != "Files")
            .Where(static file => IsFile().IsMatch(File.ReadAllText(file))).Select(static file => Path.GetRelativePath(SourceTree.Root, file));

        Assert.Empty(offences);
    }

    [Theory]
    [InlineData("Pci")]
    [InlineData("Filter")]
    public void What_others_may_take_has_no_type_of_a_hypervisor(string layer) =>
        Assert.Empty(Load(layer, assembly => assembly.Types.Where(static type => type.StartsWith("PciBackFlow.", StringComparison.Ordinal)
            && type.Contains("Xen", StringComparison.Ordinal) && type != "PciBackFlow.Filter.Tables.QemuXenTable")));

    [Theory]
    [InlineData("Pci")]
    [InlineData("Filter")]
    [InlineData("Pipeline")]
    [InlineData("Stages")]
    public void The_hot_path_takes_no_part_in_logging(string layer) =>
        Assert.Empty(Load(layer, assembly => assembly.References.Where(name => name.StartsWith("Microsoft.Extensions.Logging", StringComparison.Ordinal))));

    [Theory]
    [InlineData("Hardware", "Policy")]
    [InlineData("Hardware", "Guest")]
    [InlineData("Pci", "Policy")]
    [InlineData("Pci", "Guest")]
    public void The_hardware_layer_holds_no_policy_and_no_guests(string layer, string word)
    {
        IEnumerable<string?> offences = SourceTree.Files(layer).Select(Path.GetFileNameWithoutExtension)
            .Where(name => name!.Contains(word, StringComparison.Ordinal));

        Assert.Empty(offences);
    }

    [Fact]
    public void A_source_file_holds_one_public_type_of_its_own_name()
    {
        string[] layers = ["Pipeline", "Pci", "Filter", "Hardware", "Stages", "Backend", "Perf", "Cli"];
        IEnumerable<string> offences = layers.SelectMany(SourceTree.Files)
            .Select(file => (file, types: PublicType().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).Distinct().ToArray()))
            .Where(entry => entry.types.Length > 1
                || (entry.types.Length == 1 && entry.types[0] != Path.GetFileNameWithoutExtension(entry.file).Split('.')[0]))
            .Select(entry => $"{Path.GetRelativePath(SourceTree.Root, entry.file)}: {string.Join(", ", entry.types)}");

        Assert.Empty(offences);
    }

    [Fact]
    public void A_function_of_the_C_library_is_declared_in_one_file_of_a_layer()
    {
        string[] layers = ["Pipeline", "Pci", "Filter", "Hardware", "Stages", "Backend", "Perf", "Cli"];
        IEnumerable<string> offences = layers.SelectMany(static layer => SourceTree.Files(layer)
            .SelectMany(static file => DeclaredFunction().Matches(File.ReadAllText(file)).Select(match => (Name: match.Groups[1].Value, file)))
            .Distinct().GroupBy(static declared => declared.Name).Where(static files => files.Count() > 1)
            .Select(files => $"{layer}: {files.Key} in {string.Join(", ", files.Select(static declared => Path.GetFileName(declared.file)))}"));

        Assert.Empty(offences);
    }

    [Fact]
    public void No_line_of_a_source_file_is_longer_than_160_columns()
    {
        const int MostColumns = 160;

        string[] folders = ["Pipeline", "Pci", "Filter", "Hardware", "Stages", "Backend", "Perf", "Cli", "tests"];
        IEnumerable<string> offences = folders.SelectMany(SourceTree.Files)
            .SelectMany(static file => File.ReadLines(file).Select((line, index) => (file, line, number: index + 1)))
            .Where(static entry => entry.line.Length > MostColumns)
            .Select(static entry => $"{Path.GetRelativePath(SourceTree.Root, entry.file)}:{entry.number} has {entry.line.Length} columns");

        Assert.Empty(offences);
    }

    private static string[] Load(string layer, Func<CompiledAssembly, IEnumerable<string>> select)
    {
        using var assembly = CompiledAssembly.Load(layer);
        return select(assembly).ToArray();
    }

    [GeneratedRegex(@"\b(pci\w*|xen\w*|xsa\w*|domid|bdf|config space|guests?)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Domain();

    [GeneratedRegex(@"\b(File|Directory|FileStream|StreamReader|StreamWriter)\b[.(]")]
    private static partial Regex IsFile();

    [GeneratedRegex(@"LibraryImport\(""libc"", EntryPoint = ""(\w+)""")]
    private static partial Regex DeclaredFunction();

    // Top level only: a type in a file-scoped namespace begins in the first column.
    [GeneratedRegex(
        @"^public (?:(?:static|sealed|abstract|readonly|ref|partial|unsafe) )*"
        + @"(?:class|struct|interface|enum|record struct|record class|record|delegate \w+) (\w+)",
        RegexOptions.Multiline)]
    private static partial Regex PublicType();
}

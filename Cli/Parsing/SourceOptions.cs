using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Cli.Parsing;

/// <summary>The options that say which functions a verb works on. At most one source; without one the verb's own default.</summary>
internal sealed class SourceOptions
{
    private readonly Option<DeviceSelector?> _device = Words.DeviceOrAll(
        "--device", $"a function of this host, {SelectorForms.Grammar}, or all: read through sysfs, never written");
    private readonly Option<string?> _fromDump = Words.Text("--from-dump", "FILE", "a captured machine: lspci -x, -xxx or -xxxx text, or a binary config file");
    private readonly Option<PciAddress?> _function = Words.Address("--function", "only this function of the capture");
    private readonly Option<string?> _builtin = Words.Text("--builtin", "NAME", "a capture that comes with the program");
    private readonly Option<bool> _allRegisters =
        Words.Flag("--all-registers", "with --device: read every register, not only the header and known capabilities");

    public SourceOptions()
    {
        _device.CompletionSources.Add(_ => PciDevices.Addresses().Select(address => address.ToString()).Append(Words.AllDevices));
        _builtin.CompletionSources.Add(_ => BuiltinCaptures.Names);
    }

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_device);
        command.Add(_fromDump);
        command.Add(_function);
        command.Add(_builtin);
        command.Add(_allRegisters);
        command.Validators.Add(Validate);
    }

    /// <summary>Whether every register was asked for.</summary>
    public bool AllRegisters(ParseResult parsed) => parsed.GetValue(_allRegisters);

    /// <summary>Whether the words name a source at all.</summary>
    public bool IsGiven(ParseResult parsed) =>
        IsGiven(parsed, _device) || IsGiven(parsed, _fromDump) || IsGiven(parsed, _builtin);

    /// <summary>Whether the words name a source at all.</summary>
    public bool IsGiven(CommandResult result) =>
        new Option[] { _device, _fromDump, _builtin, _function }.Any(option => result.GetResult(option) is { Implicit: false });

    /// <summary>Whether the words name a capture.</summary>
    public bool IsCapture(ParseResult parsed) => IsGiven(parsed, _fromDump) || IsGiven(parsed, _builtin);

    /// <summary>The one function of this host that the words name, or null.</summary>
    public PciAddress? Device(ParseResult parsed) => SelectorOf(parsed.GetResult(_device)) is { } selector ? HostSource.AddressOf(selector) : null;

    /// <summary>Whether the words name one function of this host.</summary>
    public bool NamesDevice(CommandResult result) => SelectorOf(result.GetResult(_device)) is not null;

    /// <summary>The functions the words name; without any, the captures that come with the program.</summary>
    /// <exception cref="VerbException">There are none; it says why.</exception>
    public FunctionSet Resolve(ParseResult parsed, CliConsole console)
    {
        if (IsGiven(parsed, _device))
        {
            return Device(parsed) is { } address
                ? HostSource.One(address, AllRegisters(parsed), console)
                : HostSource.All(AllRegisters(parsed), console);
        }

        PciAddress? only = parsed.GetValue(_function);
        if (parsed.GetValue(_fromDump) is { } file)
        {
            return CaptureSource.FromFile(file, only);
        }

        return parsed.GetValue(_builtin) is { } name ? CaptureSource.FromBuiltin(name, only) : CaptureSource.AllBuiltin();
    }

    // The parser's converter cannot hand a null selector out, so that 'all' is told by its word.
    private DeviceSelector? SelectorOf(OptionResult? given) =>
        given is not { Implicit: false } || given.Tokens is [{ Value: Words.AllDevices }] ? null : given.GetValue(_device);

    /// <summary>The one function a verb looks into: what the words name, else the first device that comes with the program, which is said.</summary>
    /// <param name="parsed">The words.</param>
    /// <param name="console">Receives the remark.</param>
    /// <param name="doing">What the verb does with it: <c>explaining</c>.</param>
    /// <exception cref="VerbException">There is none, there are several, or it is one that nobody can look into.</exception>
    public SourceFunction ResolveOne(ParseResult parsed, CliConsole console, string doing)
    {
        FunctionSet functions = Resolve(parsed, console);
        SourceFunction chosen = IsGiven(parsed) ? functions.Single() : functions.Functions.First(function => function.Kind == HeaderKind.Device);
        if (!IsGiven(parsed))
        {
            console.Remark($"no source was named: {doing} {chosen.Address} {chosen.Description} of {functions.Name}");
        }

        return FunctionSet.IsViewable(chosen) ? chosen : throw FunctionSet.Refused(chosen);
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private void Validate(CommandResult result)
    {
        Option[] sources = [_device, _fromDump, _builtin];
        string[] given = sources.Where(IsGiven).Select(option => option.Name).ToArray();
        if (given.Length > 1)
        {
            result.AddError($"{string.Join(" and ", given)} exclude each other: a verb works on one source");
        }
        else if (IsGiven(_function) && !IsGiven(_fromDump) && !IsGiven(_builtin))
        {
            result.AddError($"{_function.Name} picks a function of a capture: it needs {_fromDump.Name} or {_builtin.Name}");
        }

        bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
    }
}

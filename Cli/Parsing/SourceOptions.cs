using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;

namespace PciBackFlow.Cli.Parsing;

/// <summary>The options that say which functions a verb works on. At most one source; without one the verb's own default.</summary>
internal sealed class SourceOptions
{
    private readonly Option<PciAddress?> _device = Words.AddressOrAll("--device", "a function of this host, or all: read through sysfs, never written");
    private readonly Option<string?> _fromDump = Words.Text("--from-dump", "FILE", "a captured machine: lspci -x, -xxx or -xxxx text, or a binary config file");
    private readonly Option<PciAddress?> _function = Words.Address("--function", "only this function of the capture");
    private readonly Option<string?> _builtin = Words.Text("--builtin", "NAME", "a capture that comes with the program");
    private readonly Option<bool> _allRegisters = Words.Flag("--all-registers", "with --device: read every register, not only the header and known capabilities");

    public SourceOptions()
    {
        _device.CompletionSources.Add(_ => HostAddresses().Append(Words.AllDevices));
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

    private void Validate(CommandResult result)
    {
        Option[] sources = [_device, _fromDump, _builtin];
        var given = sources.Where(IsGiven).Select(option => option.Name).ToArray();
        if (given.Length > 1)
            result.AddError($"{string.Join(" and ", given)} exclude each other: a verb works on one source");
        else if (IsGiven(_function) && !IsGiven(_fromDump) && !IsGiven(_builtin))
            result.AddError($"{_function.Name} picks a function of a capture: it needs {_fromDump.Name} or {_builtin.Name}");

        bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
    }

    private static IEnumerable<string> HostAddresses()
    {
        const string Devices = "/sys/bus/pci/devices";
        return Directory.Exists(Devices) ? Directory.EnumerateFileSystemEntries(Devices).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal) : [];
    }
}

using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Serve;

/// <summary>Puts the daemon's settings together: an option of the command line, else the configuration file, else the default.</summary>
internal sealed class DaemonConfiguration
{
    public const string DefaultPath = "/etc/pcibackflow/pcibackflow.json";
    public const string DefaultStateDirectory = "/var/lib/pcibackflow";
    public const string DefaultRunDirectory = "/run/pcibackflow";
    public const int MaxShards = 256;
    public const int MaxSpin = 1_000_000;
    public const int MaxSample = 1_000_000;
    public const int MaxPort = 65535;

    private const int DefaultSpin = 20;

    /// <summary>The topologies that a daemon may have: those that allocate nothing for a request.</summary>
    public static readonly IReadOnlyList<string> Topologies =
        [.. new[] { PipelineTopology.Fused, PipelineTopology.Queued }.Select(PipelineTopologyNames.NameOf)];

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly string _file;
    private readonly Dictionary<string, ConfigurationElement> _members;
    private readonly List<SettingReport> _reports = [];

    private DaemonConfiguration(string file, Dictionary<string, ConfigurationElement> members)
    {
        _file = file;
        _members = members;
    }

    /// <summary>Reads the settings.</summary>
    /// <param name="path">The file the user named; null for the default one, which may be absent.</param>
    /// <param name="options">The command line.</param>
    /// <param name="detect">Finds the platform when nobody says it.</param>
    /// <exception cref="VerbException">The file cannot be read, or says something wrong; key, value and legal range are named.</exception>
    public static DaemonSettings Load(string? path, DaemonOptions options, Func<string> detect) =>
        LoadOnce(path, options, detect) with { ReadAgain = () => LoadOnce(path, options, detect) };

    private static DaemonSettings LoadOnce(string? path, DaemonOptions options, Func<string> detect)
    {
        string file = path ?? DefaultPath;
        if (path is null && !File.Exists(file))
        {
            return new DaemonConfiguration(file, []).Resolve(options, detect);
        }

        using JsonDocument document = Parse(file);
        var root = new ConfigurationElement(file, string.Empty, document.RootElement);
        Dictionary<string, ConfigurationElement> members = root.Members(
            "$schema", "platform", "topology", "shards", "spin", "slots", "state", "run", "log", "metrics_port", "sample",
            "policy", "devices", "quirks", "refusals");
        return new DaemonConfiguration(file, members).Resolve(options, detect);
    }

    private static JsonDocument Parse(string file)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(file), Lenient);
            RequireUnicode(document.RootElement);
            return document;
        }
        catch (InvalidOperationException wrong)
        {
            throw new VerbException(file, "a string in it is not Unicode", "Nothing was started: save it as UTF-8 and run again.", wrong)
            {
                Code = ExitCode.WrongWords,
            };
        }
        catch (JsonException wrong)
        {
            throw new VerbException(
                $"{file}: line {(wrong.LineNumber ?? 0) + 1}",
                "not JSON: " + wrong.Message.Split(" LineNumber", 2)[0],
                "Nothing was started: correct it and run again.",
                wrong)
            {
                Code = ExitCode.WrongWords,
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new VerbException($"cannot read {file}", failure.Message, "Name another one with --config, or leave it out for the defaults.", failure);
        }
    }

    // The reader takes any bytes for a string, and throws when somebody asks for it: all are asked for here.
    private static void RequireUnicode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    RequireUnicode(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    RequireUnicode(property.Value);
                }

                break;
        }
    }

    private DaemonSettings Resolve(DaemonOptions options, Func<string> detect)
    {
        string platform = Value("platform", options.Platform, element => element.Choice(DaemonPlatform.Xen, DaemonPlatform.Loopback), null)
            ?? Report("platform", detect(), "detected");
        string topology = Value(
            "topology", options.Topology, element => element.Choice([.. Topologies]),
            PipelineTopologyNames.NameOf(PipelineTopology.Fused))!;
        int shards = Number("shards", options.Shards, element => element.AutoOrNumber(MaxShards), 0);
        int spin = Number("spin", options.Spin, element => element.Number(0, MaxSpin), DefaultSpin);
        string slots = Value("slots", options.Slots, element => element.Choice("vpci", "passthrough"), "vpci")!;
        string state = Value("state", options.State, element => element.Text(), DefaultStateDirectory)!;
        string run = Value("run", options.Run, element => element.Text(), DefaultRunDirectory)!;
        string log = Value("log", null, element => element.Choice("debug", "information", "warning", "error"), "information")!;
        int port = Number("metrics_port", null, element => element.Number(0, MaxPort), 0);
        int sample = Number("sample", null, element => element.Number(0, MaxSample), 0);
        PolicyStatement general = _members.TryGetValue("policy", out ConfigurationElement named) ? Policy(named) : Default();
        PolicySources policies = new() { General = general, Devices = Devices(), Quirks = Quirks() };
        RefusalPolicy refusals = Refusals();
        return new DaemonSettings
        {
            Platform = platform,
            Topology = PipelineTopologyNames.Parse(topology),
            Shards = shards,
            SpinMicroseconds = spin,
            SampleEvery = sample,
            MetricsPort = port,
            Slots = slots == "passthrough" ? SlotMode.Passthrough : SlotMode.Vpci,
            StateDirectory = state,
            RunDirectory = run,
            Log = Enum.Parse<LogLevel>(log, ignoreCase: true),
            Policies = policies,
            Refusals = refusals,
            Reports = _reports,
            ReadAgain = static () => throw new InvalidOperationException("nobody said how"),
        };
    }

    private PolicyStatement Default()
    {
        Report("policy", AccessPolicy.NameOf(PolicyProfile.Default), "default");
        return PolicyStatement.Nothing;
    }

    private string Report(string key, string value, string origin)
    {
        _reports.Add(new SettingReport(key, value, origin));
        return value;
    }

    private string? Value(string key, string? given, Func<ConfigurationElement, string> read, string? standard)
    {
        if (given is not null)
        {
            return Report(key, given, $"option --{key}");
        }

        if (_members.TryGetValue(key, out ConfigurationElement element))
        {
            return Report(key, read(element), $"file {_file}");
        }

        return standard is null ? null : Report(key, standard, "default");
    }

    private int Number(string key, int? given, Func<ConfigurationElement, int> read, int standard)
    {
        string text = Value(
            key,
            given?.ToString(CultureInfo.InvariantCulture),
            element => read(element).ToString(CultureInfo.InvariantCulture),
            standard.ToString(CultureInfo.InvariantCulture))!;
        if (key == "shards" && text == "0")
        {
            _reports[^1] = _reports[^1] with { Value = $"auto ({BackendOptions.AutomaticShards})" };
        }

        return int.Parse(text, CultureInfo.InvariantCulture);
    }

    private DevicePolicies Devices()
    {
        var policies = new List<(DeviceSelector Device, PolicyStatement Policy)>();
        if (!_members.TryGetValue("devices", out ConfigurationElement devices))
        {
            return DevicePolicies.None;
        }

        foreach (ConfigurationElement device in devices.Pairs())
        {
            string word = device.Key["devices.".Length..];
            if (!DeviceSelector.TryParse(word, out DeviceSelector? selector, out int index, out string? reason))
            {
                throw new VerbException(
                    $"{_file}: devices",
                    $"{DeviceSelector.FaultOf(word)}: {reason} (character {index + 1})",
                    $"Keys are written {SelectorForms.Grammar}.")
                {
                    Code = ExitCode.WrongWords,
                };
            }

            if (selector is AddressSelector { Address: var address } && !XenSegments.Know(address))
            {
                throw new VerbException($"{_file}: {device.Key}", XenSegments.Rule, "No guest can be given that device: leave the entry out.")
                {
                    Code = ExitCode.WrongWords,
                };
            }

            if (!device.Members("policy").TryGetValue("policy", out ConfigurationElement policy))
            {
                continue;
            }

            if (policies.Any(known => known.Device == selector))
            {
                throw new VerbException($"{_file}: {device.Key}", $"{selector} stands twice", "Keep one of the two.") { Code = ExitCode.WrongWords };
            }

            policies.Add((selector, Policy(policy)));
        }

        return new DevicePolicies(policies);
    }

    /// <summary>A profile's name, or a policy file; a relative one lies beside the configuration.</summary>
    private PolicyStatement Policy(ConfigurationElement element)
    {
        string word = element.Text();
        string origin = $"file {_file}";
        foreach (PolicyProfile profile in Enum.GetValues<PolicyProfile>())
        {
            if (AccessPolicy.NameOf(profile) == word)
            {
                Report(element.Key, word, origin);
                return PolicyStatement.Of(profile, new SettingOrigin(SettingSource.Configuration, $"{_file} {element.Key}"));
            }
        }

        bool isShipped = ShippedPolicies.Names.Contains(word, StringComparer.Ordinal);
        if (!isShipped && !word.Contains('/', StringComparison.Ordinal) && !word.EndsWith(".json", StringComparison.Ordinal))
        {
            IEnumerable<string> names = Enum.GetValues<PolicyProfile>().Select(AccessPolicy.NameOf).Concat(ShippedPolicies.Names);
            throw element.Refuse($"takes {string.Join(", ", names)} or a policy file (NAME.json)");
        }

        string beside = Path.GetDirectoryName(Path.GetFullPath(_file))!;
        Report(element.Key, isShipped ? word : Path.Combine(beside, word), origin);
        try
        {
            return ShippedPolicies.Load(word, beside);
        }
        catch (PolicyFileException refused)
        {
            string place = refused.Place.Length == 0 ? refused.File : $"{refused.File}: {refused.Place}";
            throw new VerbException(
                $"{_file}: {element.Key}", $"{place}: {refused.Reason}",
                "Nothing of a policy file that is wrong is applied: correct it and run again.", refused)
            {
                Code = ExitCode.WrongWords,
            };
        }
    }

    private QuirkParameter Quirks()
    {
        if (!_members.TryGetValue("quirks", out ConfigurationElement element))
        {
            return QuirkParameter.None;
        }

        string[] texts = element.Texts();
        QuirkParameter quirks;
        try
        {
            quirks = new(texts);
        }
        catch (ArgumentException wrong)
        {
            throw new VerbException(
                $"{_file}: quirks", wrong.Message.Split(" (Parameter", 2)[0],
                "A quirk is written [DDDD:]BB:SS.F-REG:SIZE:MASK, in hexadecimal.", wrong)
            {
                Code = ExitCode.WrongWords,
            };
        }

        Report("quirks", string.Join(", ", texts), $"file {_file}");
        return quirks;
    }

    private RefusalPolicy Refusals()
    {
        if (!_members.TryGetValue("refusals", out ConfigurationElement element))
        {
            return RefusalPolicy.Default;
        }

        var weights = new Dictionary<string, RefusalWeight>(StringComparer.Ordinal);
        foreach (ConfigurationElement refusal in element.Pairs())
        {
            string code = refusal.Key["refusals.".Length..];
            if (!RefusalPolicy.Codes.Contains(code, StringComparer.Ordinal))
            {
                string suggestion = WordSuggestions.Closest(code, RefusalPolicy.Codes) is { } close
                    ? $"Did you mean '{close}'?"
                    : $"Those whose weight can be changed are {string.Join(", ", RefusalPolicy.Codes)}.";
                throw new VerbException(
                    $"{_file}: {refusal.Key}", "there is no refusal of this name whose weight is a matter of opinion", suggestion)
                {
                    Code = ExitCode.WrongWords,
                };
            }

            weights.Add(code, Enum.Parse<RefusalWeight>(
                Report(refusal.Key, refusal.Choice("judgement", "warning", "none"), $"file {_file}"), ignoreCase: true));
        }

        return new RefusalPolicy(weights);
    }
}

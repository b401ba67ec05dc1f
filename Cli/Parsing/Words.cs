using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Parsing;

/// <summary>Makes the typed options and arguments: each refuses a wrong word with its legal range.</summary>
internal static class Words
{
    /// <summary>The word that stands for every function of the host.</summary>
    public const string AllDevices = "all";

    public static Option<long> Number(string name, string helpName, string description, long min, long max, long standard) => new(name)
    {
        HelpName = helpName,
        Description = description,
        DefaultValueFactory = _ => standard,
        CustomParser = result => ReadNumber(result, name, min, max) ?? standard,
    };

    /// <summary>A number that has no default of ours.</summary>
    public static Option<int?> OptionalNumber(string name, string helpName, string description, int min, int max) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result => (int?)ReadNumber(result, name, min, max),
    };

    public static Option<double> Seconds(string name, string description, double max, double standard) => new(name)
    {
        HelpName = "SECONDS",
        Description = description,
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (double.TryParse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value > 0 && value <= max)
            {
                return value;
            }

            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} takes seconds, more than 0 and at most {max}, not '{word}'"));
            return standard;
        },
    };

    /// <summary>A word out of a fixed list; the first is the default.</summary>
    public static Option<string> Choice(string name, string description, params string[] choices)
    {
        var option = new Option<string>(name)
        {
            HelpName = string.Join('|', choices),
            Description = description,
            DefaultValueFactory = _ => choices[0],
            CustomParser = result => ReadChoice(result, name, choices),
        };
        option.CompletionSources.Add(choices);
        return option;
    }

    /// <summary>A word out of a fixed list; null when not given.</summary>
    public static Option<string?> OptionalChoice(string name, string description, params string[] choices)
    {
        var option = new Option<string?>(name)
        {
            HelpName = string.Join('|', choices),
            Description = description,
            CustomParser = result => ReadChoice(result, name, choices),
        };
        option.CompletionSources.Add(choices);
        return option;
    }

    /// <summary><c>auto</c> (0) or a number.</summary>
    public static Option<int> AutoOrNumber(string name, string helpName, string description, int max)
    {
        const string Auto = "auto";
        var option = new Option<int>(name)
        {
            HelpName = helpName,
            Description = description,
            CustomParser = result => result.Tokens[0].Value == Auto ? 0 : (int)(ReadNumber(result, name, 1, max, $"'{Auto}' or ") ?? 0),
        };
        option.CompletionSources.Add(Auto);
        return option;
    }

    /// <summary>An output file's name, or any other text that must not be empty.</summary>
    public static Option<string?> Text(string name, string helpName, string description) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result =>
        {
            string word = result.Tokens[0].Value;
            if (word.Length == 0)
            {
                result.AddError($"{name} takes {helpName}, not an empty word");
            }

            return word;
        },
    };

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>A function's address.</summary>
    public static Option<PciAddress?> Address(string name, string description) => new(name)
    {
        HelpName = "BDF",
        Description = description,
        CustomParser = result => ReadAddress(result, name),
    };

    /// <summary>A device of this host, in a selector's words, without an option's name.</summary>
    public static Argument<DeviceSelector?> DeviceArgument(string name, string description) => new(name)
    {
        HelpName = name,
        Description = $"{description}: {SelectorForms.Grammar}",
        CustomParser = result => ReadDevice(result, name),
    };

    /// <summary>A device of this host in a selector's words, or <c>all</c> (null behind a given option).</summary>
    public static Option<DeviceSelector?> DeviceOrAll(string name, string description) => new(name)
    {
        HelpName = $"BDF|{AllDevices}",
        Description = description,
        CustomParser = result => result.Tokens[0].Value == AllDevices ? null : ReadDevice(result, name),
    };

    // Null when it is none, which is said.
    private static long? ReadNumber(ArgumentResult result, string name, long min, long max, string other = "")
    {
        string word = result.Tokens[0].Value;
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= min && value <= max)
        {
            return value;
        }

        result.AddError($"{name} takes {other}a whole number from {min} to {max}, not '{word}'");
        return null;
    }

    private static string ReadChoice(ArgumentResult result, string name, string[] choices)
    {
        string word = result.Tokens[0].Value;
        if (!choices.Contains(word, StringComparer.Ordinal))
        {
            result.AddError($"{name} takes {string.Join(", ", choices)}, not '{word}'");
        }

        return word;
    }

    private static DeviceSelector? ReadDevice(ArgumentResult result, string name)
    {
        string word = result.Tokens[0].Value;
        if (DeviceSelector.TryParse(word, out DeviceSelector? selector, out int index, out string? reason))
        {
            return selector;
        }

        result.AddError(Caret.Under($"{name}: {DeviceSelector.FaultOf(word)}: {reason}", word, index));
        return null;
    }

    private static PciAddress? ReadAddress(ArgumentResult result, string name)
    {
        string word = result.Tokens[0].Value;
        if (PciAddress.TryParse(word, out PciAddress address, out int index, out string? reason))
        {
            return address;
        }

        result.AddError(Caret.Under($"{name}: '{word}' is not a PCI address: {reason}", word, index));
        return null;
    }
}

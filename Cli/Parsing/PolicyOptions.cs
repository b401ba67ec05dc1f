using System.CommandLine;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Cli.Verbs;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Cli.Parsing;

/// <summary>The options that say what the guest may do.</summary>
internal sealed class PolicyOptions
{
    private readonly Option<bool> _permissive = Words.Flag("--permissive", "let unknown writes through, as a permissive assignment does");
    private readonly Option<string?> _policy = Words.Text(
        "--policy", "FILE", "a policy file (JSON), or the name of one that ships (policy list), on top of the built-in policy");

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_permissive);
        command.Add(_policy);
    }

    /// <summary>Which policy the words ask for.</summary>
    /// <exception cref="VerbException">The file is refused; it names the place and the reason.</exception>
    public PolicyResolver Resolve(ParseResult parsed) => new(new PolicySources
    {
        VerbOption = parsed.GetValue(_permissive)
            ? PolicyStatement.Of(PolicyProfile.Permissive, new SettingOrigin(SettingSource.Verb, _permissive.Name))
            : PolicyStatement.Nothing,
        General = parsed.GetValue(_policy) is { } path ? Load(path) : PolicyStatement.Nothing,
    });

    /// <summary>Reads a policy file, or one that ships.</summary>
    /// <exception cref="VerbException">It is refused; it names the place and the reason.</exception>
    public static PolicyStatement Load(string path)
    {
        try
        {
            return ShippedPolicies.Load(path);
        }
        catch (PolicyFileException refused)
        {
            string place = refused.Place.Length == 0 ? refused.File : $"{refused.File}: {refused.Place}";
            throw new VerbException(place, refused.Reason, "Nothing of a policy file that is wrong is applied: correct it and run again.", refused);
        }
    }
}

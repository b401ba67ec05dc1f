using System.CommandLine;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Cli.Parsing;

/// <summary>The options that say what the guest may do.</summary>
internal sealed class PolicyOptions
{
    private readonly Option<bool> _permissive = Words.Flag("--permissive", "let unknown writes through, as a permissive assignment does");
    private readonly Option<string?> _policy = Words.Text("--policy", "FILE", "a policy file (JSON), on top of the built-in policy");

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_permissive);
        command.Add(_policy);
    }

    /// <summary>The policy the words ask for.</summary>
    /// <exception cref="VerbException">The file is refused; it names the place and the reason.</exception>
    public AccessPolicy Resolve(ParseResult parsed)
    {
        AccessPolicy basis = parsed.GetValue(_permissive)
            ? AccessPolicy.For(PolicyProfile.Permissive, new SettingOrigin(SettingSource.Verb, _permissive.Name))
            : AccessPolicy.Default;
        if (parsed.GetValue(_policy) is not { } path)
        {
            return basis;
        }

        try
        {
            return PolicyFile.Load(path, basis);
        }
        catch (PolicyFileException refused)
        {
            string place = refused.Place.Length == 0 ? refused.File : $"{refused.File}: {refused.Place}";
            throw new VerbException(place, refused.Reason, "Nothing of a policy file that is wrong is applied: correct it and run again.", refused);
        }
    }
}

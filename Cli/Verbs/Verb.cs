using System.CommandLine;

namespace PciBackFlow.Cli.Verbs;

/// <summary>A verb: its command, and examples for its help.</summary>
/// <param name="Command">The command, action set.</param>
/// <param name="Examples">Lines a user can paste.</param>
internal sealed record Verb(Command Command, params string[] Examples)
{
    /// <summary>Commands below it, with their examples.</summary>
    public IReadOnlyDictionary<Command, string[]> Below { get; init; } = new Dictionary<Command, string[]>();
}

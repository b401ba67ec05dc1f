using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Policy;

/// <summary>
/// The order in which the places that may say something about a guest's policy are heard, as a table: a later row stands over every earlier
/// one. A single value (the profile, an option) is the last row's that says it; rules, quirks and hidden capabilities of all rows add up,
/// in the order of the rows. docs/filter.md prints it.
/// </summary>
public static class PolicyPrecedence
{
    /// <summary>The rows, the weakest first.</summary>
    public static IReadOnlyList<Row> Rows { get; } =
    [
        new(PolicyPlace.BuiltIn, "nobody", "profile `default`", static (_, _, _) => PolicyStatement.Nothing),
        new(PolicyPlace.VerbOption, "`--permissive` of `guest-view`, `explain`, `learn`", "profile", static (sources, _, _) => sources.VerbOption),
        new(PolicyPlace.General, "the configuration's `policy`; `--policy FILE` of a verb", "everything", static (sources, _, _) => sources.General),
        new(
            PolicyPlace.DeviceEntry, "the configuration's `devices` entry for the device", "everything",
            static (sources, function, _) => sources.Devices.For(function, sources.Present)),
        new(
            PolicyPlace.Attributes, "pciback's attributes in xl's view, until the guest lets go of the device",
            "profile `permissive`, `allow_interrupt_control`, quirks",
            static (sources, function, _) => sources.Attributes.For(function)),
        new(PolicyPlace.Quirks, "the configuration's `quirks`", "quirks", static (sources, function, _) => sources.Quirks.For(function)),
        new(PolicyPlace.ToolstackOptions, "`permissive=1` of the toolstack (`pci = [ \"03:00.0,permissive=1\" ]`, xenstore `opts-N`)", "profile `permissive`",
            static (_, _, options) => options?.Statement ?? PolicyStatement.Nothing),
    ];

    /// <summary>One place.</summary>
    /// <param name="Place">Which.</param>
    /// <param name="Who">Who speaks there, for people (Markdown).</param>
    /// <param name="Says">What can be said there, for people (Markdown).</param>
    /// <param name="Hear">What it says of a function, and what the toolstack wants for it.</param>
    public sealed record Row(PolicyPlace Place, string Who, string Says, Func<PolicySources, PciAddress, ToolstackOptions?, PolicyStatement> Hear);
}

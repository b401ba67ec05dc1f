using System.Text.RegularExpressions;

namespace PciBackFlow.Architecture.Tests;

/// <summary>The rooms of the control plane and who may enter whose: an arrow of this table is a permission.</summary>
public sealed partial class BackendRoomTests
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Domains"] = [],
        ["Plans"] = [],
        ["Xenstore"] = [],
        ["Devices"] = ["Plans"],
        ["Grants"] = ["Domains", "Xenstore", "Devices", "Plans"],
        ["Interrupts"] = ["Domains", "Grants", "Guests", "Running"],
        ["Machines"] = ["Devices"],
        ["Slots"] = [],
        ["Policy"] = [],
        ["Serving"] = ["Xenstore", "Devices", "Interrupts", "Slots", "Policy", "Guests", "Running"],
        ["Guests"] = ["Domains", "Xenstore", "Devices", "Interrupts", "Slots", "Policy", "Serving", "Running"],
        ["Attaching"] = ["Domains", "Xenstore", "Devices", "Plans", "Grants", "Interrupts", "Running"],
        ["Xl"] = ["Devices", "Policy"],
        ["Running"] = ["Guests"],
        ["Control"] = ["Xenstore", "Devices", "Interrupts", "Policy", "Serving", "Guests", "Attaching"],
        ["Insight"] = ["Policy"],
    };

    [Fact]
    public void A_room_enters_only_the_rooms_it_is_allowed_to()
    {
        IEnumerable<string> offences =
            from file in SourceTree.Files("Backend")
            let room = Room(file)
            where room.Length > 0
            from Match match in Using().Matches(File.ReadAllText(file))
            let other = match.Groups[1].Value
            where other != room && !(MayUse.TryGetValue(room, out string[]? allowed) && allowed.Contains(other))
            select $"{Path.GetRelativePath(SourceTree.Root, file)} uses {other}";

        Assert.Empty(offences);
    }

    [Fact]
    public void Every_room_is_one_of_the_design() =>
        Assert.Empty(SourceTree.Files("Backend").Select(Room).Where(room => room.Length > 0).Distinct().Except(MayUse.Keys));

    private static string Room(string file)
    {
        string[] parts = Path.GetRelativePath(Path.Combine(SourceTree.Root, "Backend"), file).Split(Path.DirectorySeparatorChar);
        return parts.Length > 1 ? parts[0] : "";
    }

    [GeneratedRegex(@"PciBackFlow\.Backend\.(\w+)[;.]")]
    private static partial Regex Using();
}

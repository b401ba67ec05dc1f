namespace PciBackFlow.Architecture.Tests;

/// <summary>
/// The rooms of the control plane and who may enter whose: an arrow of this table is a permission. Read from what is
/// compiled, the root's own files included.
/// </summary>
public sealed class BackendRoomTests
{
    private const string Layer = "PciBackFlow.Backend";

    // From the ground up: a room uses only rooms above it in this table.
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Domains"] = [],
        ["Failures"] = [],
        ["Selection"] = ["Failures"],
        ["Policy"] = ["Selection"],
        ["Slots"] = [],
        ["Tracing"] = ["Failures"],
        ["Xenstore"] = ["Failures"],
        ["Insight"] = [],
        ["Plans"] = ["Failures"],
        ["Running"] = ["Failures"],
        ["Devices"] = ["Failures", "Selection", "Plans"],
        ["Grants"] = ["Domains", "Failures", "Xenstore", "Plans", "Devices"],
        ["Machines"] = ["Devices"],
        ["Xl"] = ["Failures", "Policy", "Devices"],
        ["Interrupts"] = ["Domains", "Running", "Grants"],
        ["Attaching"] = ["Domains", "Failures", "Selection", "Policy", "Xenstore", "Plans", "Running", "Devices", "Grants", "Interrupts"],
        ["Succession"] = ["Failures"],
        ["Inheritance"] = ["Domains", "Policy", "Xenstore"],
        ["Serving"] = ["Domains", "Failures", "Policy", "Slots", "Xenstore", "Running", "Devices", "Interrupts", "Inheritance"],
        ["Guests"] = ["Domains", "Failures", "Policy", "Xenstore", "Running", "Inheritance", "Serving"],
        ["Errors"] = ["Failures", "Xenstore", "Running", "Devices", "Inheritance", "Attaching", "Serving", "Guests"],
        ["Control"] =
        [
            "Domains", "Failures", "Selection", "Policy", "Tracing", "Xenstore", "Devices", "Grants", "Interrupts", "Attaching", "Inheritance", "Serving",
            "Guests", "Errors",
        ],
        ["Doctor"] = ["Failures", "Selection", "Devices", "Control"],
        [RoomGraph.Root] =
        [
            "Domains", "Failures", "Selection", "Policy", "Slots", "Tracing", "Xenstore", "Running", "Devices", "Grants", "Machines", "Xl", "Interrupts",
            "Inheritance", "Succession", "Attaching", "Serving", "Guests", "Errors", "Control",
        ],
    };

    [Fact]
    public void A_room_enters_only_the_rooms_it_is_allowed_to()
    {
        using var assembly = CompiledAssembly.Load("Backend");
        RoomGraph rooms = new(Layer, assembly.Uses.Concat(ConstantUses.Of("Backend")), depth: 1);

        Assert.Empty(rooms.Edges.Where(static edge => !IsAllowed(edge)).Select(rooms.Describe));
    }

    [Fact]
    public void No_permission_is_left_that_nobody_needs()
    {
        using var assembly = CompiledAssembly.Load("Backend");
        RoomGraph rooms = new(Layer, assembly.Uses.Concat(ConstantUses.Of("Backend")), depth: 1);

        Assert.Empty(MayUse.SelectMany(static room => room.Value.Select(other => (room.Key, other))).Except(rooms.Edges));
    }

    [Fact]
    public void The_table_leads_downwards()
    {
        string[] fromTheGround = [.. MayUse.Keys];

        Assert.All(MayUse, room => Assert.All(
            room.Value, other => Assert.InRange(Array.IndexOf(fromTheGround, other), 0, Array.IndexOf(fromTheGround, room.Key) - 1)));
    }

    [Fact]
    public void Every_room_is_one_of_the_design()
    {
        using var assembly = CompiledAssembly.Load("Backend");

        Assert.Empty(assembly.Types.Select(static type => RoomGraph.RoomOf(Layer, type, depth: 1)).OfType<string>().Distinct().Except(MayUse.Keys));
    }

    private static bool IsAllowed((string From, string To) edge) => MayUse.TryGetValue(edge.From, out string[]? allowed) && allowed.Contains(edge.To);
}

namespace PciBackFlow.Architecture.Tests;

/// <summary>
/// The rooms of the control plane and who may enter whose: an arrow of this table is a permission. Read from what is
/// compiled, the root's own files included.
/// </summary>
public sealed class BackendRoomTests
{
    private const string Layer = "PciBackFlow.Backend";

    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        [RoomGraph.Root] = ["Domains", "Xenstore", "Devices", "Grants", "Interrupts", "Slots", "Policy", "Serving", "Guests", "Attaching", "Xl", "Running"],
        ["Domains"] = [],
        ["Plans"] = [RoomGraph.Root],
        ["Xenstore"] = [RoomGraph.Root],
        ["Devices"] = [RoomGraph.Root, "Plans", "Xenstore"],
        ["Grants"] = [RoomGraph.Root, "Domains", "Xenstore", "Devices", "Interrupts", "Attaching"],
        ["Interrupts"] = ["Domains", "Xenstore", "Grants", "Guests", "Attaching", "Running"],
        ["Slots"] = [],
        ["Policy"] = [],
        ["Serving"] = ["Xenstore", "Devices", "Interrupts", "Slots", "Policy", "Guests", "Running"],
        ["Guests"] = ["Domains", "Xenstore", "Devices", "Interrupts", "Slots", "Policy", "Serving", "Running"],
        ["Attaching"] = [RoomGraph.Root, "Domains", "Xenstore", "Devices", "Grants", "Interrupts", "Running"],
        ["Xl"] = [RoomGraph.Root, "Devices", "Policy"],
        ["Running"] = [RoomGraph.Root, "Guests"],
        ["Control"] = [RoomGraph.Root, "Xenstore", "Devices", "Interrupts", "Policy", "Serving", "Guests", "Attaching"],
        ["Insight"] = ["Devices"],
    };

    [Fact]
    public void A_room_enters_only_the_rooms_it_is_allowed_to()
    {
        using var assembly = CompiledAssembly.Load("Backend");
        RoomGraph rooms = new(Layer, assembly.Uses, depth: 1);

        Assert.Empty(rooms.Edges.Where(static edge => !IsAllowed(edge)).Select(rooms.Describe));
    }

    [Fact]
    public void Every_room_is_one_of_the_design()
    {
        using var assembly = CompiledAssembly.Load("Backend");

        Assert.Empty(assembly.Types.Select(static type => RoomGraph.RoomOf(Layer, type, depth: 1)).OfType<string>().Distinct().Except(MayUse.Keys));
    }

    private static bool IsAllowed((string From, string To) edge) => MayUse.TryGetValue(edge.From, out string[]? allowed) && allowed.Contains(edge.To);
}

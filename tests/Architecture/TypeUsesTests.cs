using PciBackFlow.Architecture.Tests.Planted.Lower;
using PciBackFlow.Architecture.Tests.Planted.Upper;

namespace PciBackFlow.Architecture.Tests;

/// <summary>The tests of rooms find what they look for: each kind of use is planted in this assembly, and found.</summary>
public sealed class TypeUsesTests
{
    public static TheoryData<Type> Users =>
        [.. typeof(Target).Assembly.GetTypes().Where(static type => type.Namespace == typeof(InBody).Namespace && !type.IsNested)];

    [Theory]
    [MemberData(nameof(Users))]
    public void A_use_of_any_kind_is_found(Type user)
    {
        using var assembly = CompiledAssembly.Of(typeof(TypeUsesTests).Assembly);

        Assert.Contains(assembly.Uses, use => use.From == user.FullName && use.To.StartsWith(typeof(Target).Namespace!, StringComparison.Ordinal));
    }

    [Fact]
    public void A_room_that_uses_one_above_it_is_found()
    {
        using var assembly = CompiledAssembly.Of(typeof(TypeUsesTests).Assembly);
        RoomGraph graph = new("PciBackFlow.Architecture.Tests.Planted", assembly.Uses);

        Assert.Contains(graph.Cycles, static cycle => cycle.StartsWith("Lower uses Upper: Offence → InBody", StringComparison.Ordinal));
    }

    [Fact]
    public void A_use_of_a_constant_is_found_where_it_is_written()
    {
        IEnumerable<(string, string)> uses = ConstantUses.Of(
        [
            ("X.A.One", "class One\n{\n    internal const int Most = 3;\n    private const int Own = 4;\n}"),
            ("X.B.Two", "class Two { int Twice => One.Most * 2; int Other => One.Own + Else.Most + One.Most(); }"),
            ("X.B.Three", "class Three { }"),
        ]);

        Assert.Equal([("X.B.Two", "X.A.One")], uses);
    }

    [Fact]
    public void Three_rooms_in_a_circle_are_found()
    {
        RoomGraph graph = new("X", [("X.A.One", "X.B.Two"), ("X.B.Two", "X.C.Three"), ("X.C.Three", "X.A.One"), ("X.A.One", "X.D.Four")]);

        Assert.Equal(["A uses B: One → Two", "B uses C: Two → Three", "C uses A: Three → One"], graph.Cycles);
    }

    [Fact]
    public void The_layer_s_own_folder_is_a_room()
    {
        RoomGraph graph = new("X", [("X.Host", "X.A.One"), ("X.A.One", "X.Host")]);

        Assert.Equal(["(root) uses A: Host → One", "A uses (root): One → Host"], graph.Cycles);
    }

    [Fact]
    public void Ways_that_lead_downwards_are_no_circle() =>
        Assert.Empty(new RoomGraph("X", [("X.Host", "X.A.One"), ("X.A.One", "X.B.Two"), ("X.Host", "X.B.Two"), ("Y.A.Other", "X.Host")]).Cycles);
}

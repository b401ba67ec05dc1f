using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Stages.Tests.Connections;

public sealed class FunctionTableTests
{
    private static readonly PciAddress[] Addresses =
    [
        new(0, 0, 0, 0), new(0, 0, 31, 7), new(0, 1, 0, 0), new(0, 255, 31, 7), new(1, 0, 0, 0), new(0x10000, 0, 2, 1), new(0xFFFFFFFF, 3, 4, 5),
    ];

    [Fact]
    public void Each_function_is_found_at_its_own_address_and_nowhere_else()
    {
        AssignedFunction[] functions = [.. Addresses.Select(address => new TestFunction().Assign(address))];
        var table = new FunctionTable(functions.Reverse());

        for (int i = 0; i < functions.Length; i++)
        {
            Assert.Same(functions[i], table.Find(Addresses[i].Domain, Addresses[i].Bus, Addresses[i].Devfn));
            Assert.Null(table.Find(Addresses[i].Domain, Addresses[i].Bus, Addresses[i].Devfn + 256u));
            Assert.Null(table.Find(Addresses[i].Domain, Addresses[i].Bus + 256u, Addresses[i].Devfn));
            Assert.Null(table.Find(Addresses[i].Domain ^ 0x20, Addresses[i].Bus, Addresses[i].Devfn));
        }

        Assert.Equal(functions, table.Functions);
        Assert.Equal(7, table.Count);
    }

    [Fact]
    public void Adding_and_removing_make_new_tables_and_leave_the_old_ones()
    {
        AssignedFunction function = new TestFunction().Assign(new PciAddress(0, 2, 3, 4));

        FunctionTable with = FunctionTable.Empty.With(function);
        FunctionTable without = with.Without(function.GuestAddress);

        Assert.Null(FunctionTable.Empty.Find(0, 2, 0x1C));
        Assert.Same(function, with.Find(0, 2, 0x1C));
        Assert.Null(without.Find(0, 2, 0x1C));
        Assert.Same(without, without.Without(function.GuestAddress));
    }

    [Fact]
    public void Two_functions_at_one_guest_address_are_refused()
    {
        var table = new FunctionTable([new TestFunction().Assign(new PciAddress(0, 0, 1, 0))]);

        Assert.Throws<ArgumentException>(() => table.With(new TestFunction().Assign(new PciAddress(0, 0, 1, 0))));
    }
}

using CsCheck;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

public sealed class RangeSetTests
{
    [Fact]
    public void Ranges_are_what_single_numbers_would_be() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 40], Gen.Int[0, 10]).List[0, 30].Sample(changes =>
        {
            var set = new RangeSet();
            var numbers = new SortedSet<int>();
            foreach ((bool add, int first, int more) in changes)
            {
                if (add)
                {
                    set.Add((ulong)first, (ulong)(first + more));
                    numbers.UnionWith(Enumerable.Range(first, more + 1));
                }
                else
                {
                    set.Remove((ulong)first, (ulong)(first + more));
                    numbers.ExceptWith(Enumerable.Range(first, more + 1));
                }
            }

            LoopbackRange[] ranges = set.ToArray();
            Assert.Equal(numbers, ranges.SelectMany(r => Enumerable.Range((int)r.First, (int)r.Count)));
            Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.First + pair.First.Count < pair.Second.First));
            Assert.Equal(numbers.Count == 0, set.IsEmpty);
        });

    [Fact]
    public void The_last_number_there_is_can_be_in_it()
    {
        var set = new RangeSet();
        set.Add(ulong.MaxValue - 1, ulong.MaxValue);
        set.Add(0, 0);
        Assert.Equal([new(0, 1), new(ulong.MaxValue - 1, 2)], set.ToArray());

        set.Remove(0, ulong.MaxValue);
        Assert.True(set.IsEmpty);
    }
}

using CsCheck;
using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Backend.Tests.Grants;

public sealed class NumberRangesTests
{
    [Fact]
    public void What_others_cover_is_left_out_and_nothing_else() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[1, 20], Gen.Select(Gen.Int[0, 40], Gen.Int[1, 10]).List[0, 5]).Sample((first, count, others) =>
        {
            HashSet<int> expected = [.. Enumerable.Range(first, count)];
            foreach ((int otherFirst, int otherCount) in others)
            {
                expected.ExceptWith(Enumerable.Range(otherFirst, otherCount));
            }

            IReadOnlyList<(ulong First, ulong Count)> parts =
                NumberRanges.Except((ulong)first, (ulong)count, others.Select(other => ((ulong)other.Item1, (ulong)other.Item2)));
            return expected.Order().SequenceEqual(parts.SelectMany(part => Enumerable.Range((int)part.First, (int)part.Count)))
                && parts.All(part => part.Count > 0);
        });
}

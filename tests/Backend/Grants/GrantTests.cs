using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Backend.Tests.Grants;

public sealed class GrantTests
{
    // First and count of the one, of the other, whether they have a number in common.
    [Theory]
    [InlineData(10, 5, 10, 5, true)]
    [InlineData(10, 5, 14, 1, true)]
    [InlineData(10, 5, 15, 1, false)]
    [InlineData(10, 5, 9, 2, true)]
    [InlineData(10, 5, 9, 1, false)]
    [InlineData(10, 5, 0, 100, true)]
    public void Ranges_overlap_when_they_have_a_number_in_common(ulong first, ulong count, ulong otherFirst, ulong otherCount, bool overlap)
    {
        Grant one = new(GrantKind.Memory, first, count);
        Grant other = new(GrantKind.Memory, otherFirst, otherCount);

        Assert.Equal((overlap, overlap), (one.Overlaps(other), other.Overlaps(one)));
    }

    // Of a line that is an intent the number is not known: 0 is none.
    [Theory]
    [InlineData(GrantKind.Pirq, 55, null, new[] { 55 })]
    [InlineData(GrantKind.Pirq, 0, null, new int[0])]
    [InlineData(GrantKind.Messages, 0, "57,58", new[] { 57, 58 })]
    [InlineData(GrantKind.Messages, 0, "57,x,-1,59", new[] { 57, 59 })]
    [InlineData(GrantKind.Messages, 5, null, new int[0])]
    [InlineData(GrantKind.Memory, 55, "57", new int[0])]
    public void The_pirqs_of_a_line_and_of_messages_are_those_that_are_known(GrantKind kind, ulong first, string? text, int[] expected) =>
        Assert.Equal(expected, new Grant(kind, first, 20, text).Pirqs());
}

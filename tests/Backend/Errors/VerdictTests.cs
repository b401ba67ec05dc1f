using PciBackFlow.Backend.Errors;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>What answers mean, and what several say together: Linux drivers/pci/pcie/err.c, merge_result.</summary>
public sealed class VerdictTests
{
    private const RecoveryVerdict Can = RecoveryVerdict.CanRecover;
    private const RecoveryVerdict Reset = RecoveryVerdict.NeedReset;
    private const RecoveryVerdict Gone = RecoveryVerdict.Disconnect;
    private const RecoveryVerdict Well = RecoveryVerdict.Recovered;
    private const RecoveryVerdict Mute = RecoveryVerdict.NoHandler;

    // Before, then with: can recover, need reset, disconnect, recovered, no handler.
    public static TheoryData<RecoveryVerdict, RecoveryVerdict[]> Merges => new()
    {
        { Can, [Can, Reset, Gone, Well, Mute] },
        { Well, [Can, Reset, Gone, Well, Mute] },
        { Gone, [Gone, Reset, Gone, Gone, Mute] },
        { Reset, [Reset, Reset, Reset, Reset, Mute] },
        { Mute, [Mute, Mute, Mute, Mute, Mute] },
    };

    // Step, then what answers 1 to 6 mean there.
    public static TheoryData<PciOpCode, RecoveryVerdict[]> Meanings => new()
    {
        { PciOpCode.AerDetected, [Mute, Can, Reset, Gone, Well, Mute] },
        { PciOpCode.AerMmioEnabled, [Reset, Can, Reset, Gone, Well, Mute] },
        { PciOpCode.AerSlotReset, [Gone, Can, Reset, Gone, Well, Mute] },
        { PciOpCode.AerResume, [Gone, Can, Reset, Gone, Well, Mute] },
    };

    [Theory]
    [MemberData(nameof(Merges))]
    public void Two_verdicts_together_are_what_Linux_makes_of_them(RecoveryVerdict before, RecoveryVerdict[] together)
    {
        RecoveryVerdict[] next = [Can, Reset, Gone, Well, Mute];

        Assert.Equal(together, next.Select(verdict => Verdicts.Merge(before, verdict)));
    }

    [Theory]
    [MemberData(nameof(Meanings))]
    public void An_answer_means_what_its_step_makes_of_it(PciOpCode command, RecoveryVerdict[] meanings) =>
        Assert.Equal(meanings, Enumerable.Range(1, 6).Select(answer => Verdicts.Read(command, answer)));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(-1)]
    [InlineData(0x7FFFFFFF)]
    [InlineData(int.MinValue)]
    [InlineData(0x10005)]
    public void An_answer_that_is_none_gives_the_device_up(int answer)
    {
        Assert.False(Verdicts.IsOne(answer));
        Assert.All(
            new[] { PciOpCode.AerDetected, PciOpCode.AerMmioEnabled, PciOpCode.AerSlotReset, PciOpCode.AerResume },
            command => Assert.Equal(Gone, Verdicts.Read(command, answer)));
    }

    [Fact]
    public void Nobody_has_nothing_against_going_on()
    {
        Assert.Equal(Can, Verdicts.OfNobody(PciOpCode.AerDetected));
        Assert.Equal(Well, Verdicts.OfNobody(PciOpCode.AerMmioEnabled));
        Assert.Equal(Well, Verdicts.OfNobody(PciOpCode.AerSlotReset));
    }
}

using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>What drivers' answers mean, and what those of several functions say together.</summary>
public static class Verdicts
{
    private const RecoveryVerdict Can = RecoveryVerdict.CanRecover;
    private const RecoveryVerdict Reset = RecoveryVerdict.NeedReset;
    private const RecoveryVerdict Gone = RecoveryVerdict.Disconnect;
    private const RecoveryVerdict Well = RecoveryVerdict.Recovered;
    private const RecoveryVerdict Mute = RecoveryVerdict.NoHandler;

    // Rows: what was said so far. Columns: what one more says. Linux drivers/pci/pcie/err.c, merge_result; its "none" is the verdict of bridges, which no
    // guest has.
    //                                              can   reset  gone   well   mute
    private static readonly RecoveryVerdict[][] Together =
    [
        /* can   */ [                               Can,  Reset, Gone,  Well,  Mute],
        /* reset */ [                               Reset, Reset, Reset, Reset, Mute],
        /* gone  */ [                               Gone, Reset, Gone,  Gone,  Mute],
        /* well  */ [                               Can,  Reset, Gone,  Well,  Mute],
        /* mute  */ [                               Mute, Mute,  Mute,  Mute,  Mute],
    ];

    /// <summary>What is said before anybody has said anything: who is not asked has nothing against it.</summary>
    /// <param name="command">The step.</param>
    /// <returns>The verdict of nobody.</returns>
    public static RecoveryVerdict OfNobody(PciOpCode command) => command == PciOpCode.AerDetected ? Can : Well;

    /// <summary>
    /// What an answer means: any 32 bits. "None" is what frontends answer for a device whose driver has no handler at the first step; at
    /// <c>mmio_enabled</c> the document takes a missing handler for the wish to be reset; and one that has nothing to say after the reset has not brought its
    /// device back (xen-pciback gives it up likewise).
    /// </summary>
    /// <param name="command">The step.</param>
    /// <param name="answer">What stood in the page.</param>
    /// <returns>A verdict; <see cref="RecoveryVerdict.Disconnect"/> for what is none.</returns>
    public static RecoveryVerdict Read(PciOpCode command, int answer) => (RecoveryVerdict)answer switch
    {
        RecoveryVerdict.None => command switch
        {
            PciOpCode.AerDetected => Mute,
            PciOpCode.AerMmioEnabled => Reset,
            _ => Gone,
        },
        Can or Reset or Gone or Well or Mute => (RecoveryVerdict)answer,
        _ => Gone,
    };

    /// <summary>Whether an answer is one that the protocol has.</summary>
    /// <param name="answer">What stood in the page.</param>
    /// <returns>False for what is counted as a guest's mistake.</returns>
    public static bool IsOne(int answer) => answer is >= (int)RecoveryVerdict.None and <= (int)RecoveryVerdict.NoHandler;

    /// <summary>What several functions say together.</summary>
    /// <param name="before">What those before said.</param>
    /// <param name="next">What one more says; not "none", which <see cref="Read"/> has understood.</param>
    /// <returns>The verdict of all.</returns>
    public static RecoveryVerdict Merge(RecoveryVerdict before, RecoveryVerdict next) => Together[before - Can][next - Can];
}

namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>Effects without a result.</summary>
internal static class MortalEffects
{
    /// <inheritdoc cref="IMortal.Effect"/>
    public static void Effect(this IMortal mortal, Action effect) => mortal.Effect(() =>
    {
        effect();
        return true;
    });
}

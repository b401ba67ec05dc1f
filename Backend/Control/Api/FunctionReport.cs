using System.Globalization;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>One function that a guest has.</summary>
/// <param name="Host">Its host address.</param>
/// <param name="Guest">Where the guest sees it.</param>
/// <param name="Origin">Where it comes from: <c>sysfs 0000:03:00.0</c>.</param>
/// <param name="HardwareReads">Register reads that reached the hardware.</param>
/// <param name="HardwareWrites">Register writes that reached the hardware.</param>
/// <param name="AddressesLost">How often its base addresses were found lost when it was switched on, and written back.</param>
/// <param name="Slow">Whether its accesses go to workers because they took too long; false again once they are fast.</param>
/// <param name="Gone">Whether it no longer answers.</param>
/// <param name="Interrupts">How it interrupts the guest.</param>
/// <param name="Policy">What the guest may do with it: <c>profile</c>, <c>allow_interrupt_control</c>, <c>allow_function_reset</c>,
/// <c>allow_power_states</c>, <c>hide_unusable</c>, <c>answer_tuning</c>, <c>rom</c>, <c>on_error</c>,
/// then one <c>rules</c> for each place that rules come from (their number), then one <c>hide</c> for each hidden
/// capability.</param>
/// <param name="DeniedWrites">What policy dropped of the guest's writes, by register, and what would allow it.</param>
public sealed record FunctionReport(
    string Host, string Guest, string Origin, long HardwareReads, long HardwareWrites, long AddressesLost, bool Slow, bool Gone, InterruptReport Interrupts,
    IReadOnlyList<SettingReport> Policy, IReadOnlyList<DeniedWriteReport> DeniedWrites)
{
    /// <summary>Describes a function.</summary>
    /// <param name="function">The function.</param>
    /// <returns>The report.</returns>
    public static FunctionReport Of(FunctionSnapshot function) => new(
        function.Host.ToString(),
        function.Guest.ToString(),
        function.Origin,
        function.HardwareReads,
        function.HardwareWrites,
        function.AddressesLost,
        function.IsSlow,
        function.IsGone,
        InterruptReport.Of(function.Interrupts),
        PolicyOf(function.Policy),
        DeniedWriteReport.Of(function));

    private static List<SettingReport> PolicyOf(EffectivePolicy policy)
    {
        List<SettingReport> settings =
        [
            new("profile", AccessPolicy.NameOf(policy.Profile.Value), policy.Profile.Origin.ToString()),
            Flag("allow_interrupt_control", policy.AllowInterruptControl),
            Flag("allow_function_reset", policy.AllowFunctionReset),
            Flag("allow_power_states", policy.AllowPowerStates),
            Flag("hide_unusable", policy.HideUnusable),
            Flag("answer_tuning", policy.AnswerTuning),
            new("rom", AccessPolicy.NameOf(policy.Rom.Value), policy.Rom.Origin.ToString()),
            new("on_error", AccessPolicy.NameOf(policy.OnError.Value), policy.OnError.Origin.ToString()),
        ];
        foreach (Setting<int> rules in policy.Rules)
        {
            settings.Add(new("rules", rules.Value.ToString(CultureInfo.InvariantCulture), rules.Origin.ToString()));
        }

        foreach (string capability in policy.HiddenCapabilities)
        {
            settings.Add(new("hide", capability, new SettingOrigin(SettingSource.PolicyFile, string.Empty).ToString()));
        }

        return settings;
    }

    private static SettingReport Flag(string key, Setting<bool> setting) => new(key, setting.Value ? "true" : "false", setting.Origin.ToString());
}

using PciBackFlow.Backend.Devices.Refusals;

namespace PciBackFlow.Backend.Devices.Description;

/// <summary>One reason against giving a device to a guest, as programs read it.</summary>
/// <param name="Code">The rule's stable name: <c>in-use</c>.</param>
/// <param name="Weight"><c>warning</c>, <c>judgement</c>, <c>forbidden</c> or <c>impossible</c>.</param>
/// <param name="Reason">For people, without the device's address.</param>
/// <param name="Evidence">What it was read from, and what stood there; null where nothing was read.</param>
/// <param name="Remedy">What a person can do about it besides insisting; null where the reason says it.</param>
public sealed record RefusalReport(string Code, string Weight, string Reason, string? Evidence, string? Remedy)
{
    /// <summary>Whether it stops a device on its way to a guest.</summary>
    /// <returns>False for a warning.</returns>
    public bool Stops() => Weight != NameOf(RefusalWeight.Warning);

    /// <summary>Describes a reason.</summary>
    /// <param name="refusal">The reason.</param>
    /// <returns>The report.</returns>
    public static RefusalReport Of(DeviceRefusal refusal) =>
        new(refusal.Code, NameOf(refusal.Weight), refusal.Text, refusal.Evidence, refusal.Remedy);

    private static string NameOf(RefusalWeight weight) => weight switch
    {
        RefusalWeight.Impossible => "impossible",
        RefusalWeight.Forbidden => "forbidden",
        RefusalWeight.Judgement => "judgement",
        _ => "warning",
    };
}

namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>Message interrupts and the line, on every kind of device.</summary>
public sealed class Interrupts(Boot<Interrupts> boot) : ScenarioTests<Interrupts>(boot), IScenario
{
    /// <summary>With a disk on the USB controller.</summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices =
        [
            .. Machine.Standard.Devices,
            "-drive", "if=none,id=stick,format=raw,snapshot=on,file={host}/disk.img", "-device", "usb-storage,drive=stick,bus=xhci.0",
        ],
        TimeLimit = TimeSpan.FromMinutes(20),
    };
}

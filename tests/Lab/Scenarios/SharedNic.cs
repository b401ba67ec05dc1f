namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>A network card with SR-IOV, shared by the host, which keeps the physical function, and two guests, which have a virtual one each.</summary>
public sealed class SharedNic(Boot<SharedNic> boot) : ScenarioTests<SharedNic>(boot), IScenario
{
    /// <summary>QEMU has the card (Intel's 82576, igb) since its release 8.</summary>
    public static int EmulatorAtLeast => 8;

    /// <summary>
    /// With nothing but the card, at 01:00.0; its virtual functions begin at number 80, the device numbers of which only a port with ARI passes on.
    /// </summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices =
        [
            .. Machine.Bare,
            "-device", "pcie-root-port,id=port0,chassis=1,slot=1,addr=0xa",
            "-netdev", "user,id=shared", "-device", "igb,bus=port0,netdev=shared",
        ],
    };
}

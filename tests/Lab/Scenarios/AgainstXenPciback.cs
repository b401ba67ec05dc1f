using System.Globalization;

namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The same steps with this daemon and with Linux xen-pciback, timed in one boot.</summary>
public sealed class AgainstXenPciback(Boot<AgainstXenPciback> boot) : ScenarioTests<AgainstXenPciback>(boot), IScenario
{
    public static bool IsMeasurement => true;

    /// <summary>
    /// With devices whose drivers ask for 8, 64 and 128 vectors: Linux's virtio_console wants one for the configuration, one for the
    /// control queue and two for each port (drivers/char/virtio_console.c), and a port needs no device behind it.
    /// Xen gives a guest 32 interrupts beyond the host's lines unless it is told otherwise (docs/misc/xen-command-line.pandoc, extra_guest_irqs).
    /// </summary>
    public static Machine Machine => Machine.Standard with
    {
        Devices = [.. Machine.Standard.Devices, .. Ports(0x10, 3), .. Ports(0x11, 31), .. Ports(0x12, 63)],
        XenArguments = "extra_guest_irqs=256",
        KernelArguments = string.Create(CultureInfo.InvariantCulture, $"lab.guests={LabSettings.MeasuredGuests}"),
        // Time passes with the instructions that the processors have executed (and as usual while they sleep), so that a busy
        // machine under QEMU does not show in it.
        Acceleration = ["-accel", "tcg,thread=single", "-icount", "shift=2"],
        TimeLimit = TimeSpan.FromMinutes(20),
    };

    /// <summary>Prints the table and keeps it beside the log; fails only when a figure of either side is missing.</summary>
    [Fact]
    public void The_figures_of_both_are_there()
    {
        LabSettings.SkipUnlessAsked(nameof(AgainstXenPciback), IsMeasurement);
        var figures = FigureTable.Parse(Boot.Reports);
        string table = figures.ToMarkdown();
        File.WriteAllText(Path.Combine(LabSettings.Logs, $"{nameof(AgainstXenPciback)}.md"), table);
        TestContext.Current.TestOutputHelper?.WriteLine(table);

        Assert.NotEmpty(figures.Compared);
        Assert.Empty(figures.OneSided);
    }

    private static string[] Ports(int slot, int ports) =>
        ["-device", string.Create(
            CultureInfo.InvariantCulture,
            $"virtio-serial-pci,disable-legacy=on,addr=0x{slot:x},max_ports={ports},vectors={(2 * ports) + 2}")];
}

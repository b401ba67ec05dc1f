using System.Diagnostics;
using System.Runtime.CompilerServices;
using PciBackFlow.Backend.Devices.Hiding;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Hiding;

/// <summary>The script of the initramfs, run on a machine made of files, against <see cref="HideList"/>: both read one grammar.</summary>
public sealed class HideAtBootTests : IDisposable
{
    // A bridge with two functions behind it, another with a bus of its own, a segment of a host bridge driver's invention.
    private static readonly (string Path, bool IsBridge)[] Machine =
    [
        ("pci0000:00/0000:00:04.0", false),
        ("pci0000:00/0000:00:1c.0", true),
        ("pci0000:00/0000:00:1c.0/0000:03:00.0", false),
        ("pci0000:00/0000:00:1c.0/0000:03:00.1", false),
        ("pci0000:00/0000:00:1c.0/0000:03:1f.7", false),
        ("pci0000:00/0000:00:1d.0", true),
        ("pci0000:00/0000:00:1d.0/0000:04:00.0", true),
        ("pci0000:00/0000:00:1d.0/0000:04:00.0/0000:05:0a.2", false),
        ("pci10000:e1/10000:e1:00.0", false),
    ];

    // dash, and the shell of an initramfs.
    private static readonly string[] Shells = ["/bin/sh", "/bin/busybox"];

    private readonly TemporaryFolder _root = new();

    public HideAtBootTests()
    {
        Directory.CreateDirectory(_root["sys/bus/pci/devices"]);
        foreach ((string path, bool isBridge) in Machine)
        {
            _root.Write($"sys/devices/{path}/class", isBridge ? "0x060400\n" : "0x020000\n");
            _root.Write($"sys/devices/{path}/driver_override", "");
            File.CreateSymbolicLink(_root[$"sys/bus/pci/devices/{Path.GetFileName(path)}"], $"../../../devices/{path}");
        }
    }

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("root=/dev/vda quiet")]
    [InlineData("xen-pciback.hide=(0000:03:00.0)(00:04.0) quiet")]
    [InlineData("xen_pciback.hide=(03:00.0)")]
    [InlineData("xen-pciback.hide=(03:00.*)")]
    [InlineData("xen-pciback.hide=(03:*.*)")]
    [InlineData("xen-pciback.hide=(00:1c.0)")]
    [InlineData("xen-pciback.hide=(00:1d.0)")]
    [InlineData("xen-pciback.hide=(00:*.*)")]
    [InlineData("pciback.hide=(10000:e1:00.0)")]
    [InlineData("pcibackflow.hide=\"(03:00.0) (0x0:0X4:0.0 )\" quiet")]
    [InlineData("\"pciback.hide=(03:00.0) (00:04.0)\"")]
    [InlineData("xen-pciback.hide=(03:00.0) xen-pciback.hide=(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:00.0),(00:04.0) pcibackflow.hide=(05:0a.2) pciback.hide=x")]
    [InlineData("notxen-pciback.hide=(03:00.0)")]
    [InlineData("xen-pciback.hide=(0000:82.0.0)(0000:03:00.0)")]
    [InlineData("xen-pciback.hide=03:00.0(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:00.0(00:04.0)")]
    [InlineData("xen-pciback.hide=(00:04.0)(03:00.0")]
    [InlineData("xen-pciback.hide=(03:20.0)(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:00.8)(00:04.0)")]
    [InlineData("xen-pciback.hide=(103:00.0)(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:*.0)(00:04.0)")]
    [InlineData("xen-pciback.hide=()(00:04.0)")]
    [InlineData("xen-pciback.hide=(")]
    [InlineData("xen-pciback.hide=(100000000:00:00.0)(000000000:00:04.0)")]
    [InlineData("xen-pciback.hide=(*:*.*)(**)([a-z]*)(?3:00.0)$(id)`id`\\(03:00.1)")]
    [InlineData("xen-pciback.hide=(0x:00.0)(0x03:00.0)(:.)")]
    public void It_hides_what_the_list_names_and_complains_of_what_is_wrong(string commandLine)
    {
        var list = HideList.FromCommandLine(commandLine);
        string[] expected =
        [
            .. Machine.Where(one => !one.IsBridge && list.Covers(Address(one.Path), Bridges(one.Path))).Select(one => Path.GetFileName(one.Path)),
        ];

        foreach (string shell in Shells.Where(File.Exists))
        {
            string[] log = Run(shell, commandLine);

            Assert.Equal(expected, Hidden());
            Assert.Equal(
                list.Complaints.Select(complaint => $"<4>pcibackflow: hide list: {complaint}"),
                log.Where(line => line.Contains("is skipped", StringComparison.Ordinal)));
            Assert.Equal(
                list.Items.Count(item => !Machine.Any(one => Bridges(one.Path).Append(Address(one.Path)).Any(item.Matches))),
                log.Count(line => line.Contains("names no function", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_function_that_has_a_driver_already_is_left_to_it()
    {
        Directory.CreateDirectory(_root["sys/bus/pci/drivers/ahci"]);
        File.CreateSymbolicLink(_root["sys/devices/pci0000:00/0000:00:04.0/driver"], "../../../bus/pci/drivers/ahci");

        string[] log = Run("/bin/sh", "xen-pciback.hide=(00:04.0)");

        Assert.Empty(Hidden());
        Assert.Contains("0000:00:04.0 has driver ahci already", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bridge_keeps_its_driver_and_it_is_said()
    {
        string[] log = Run("/bin/sh", "xen-pciback.hide=(00:1c.0)");

        Assert.Contains("<6>pcibackflow: 0000:00:1c.0 is a bridge: what is below it is hidden, not the bridge", log);
        Assert.Contains("<6>pcibackflow: 0000:03:00.1 is hidden", log);
    }

    [Theory]
    [InlineData("prereqs")]
    [InlineData("")]
    public void Without_a_list_or_asked_for_its_wishes_it_does_nothing(string argument)
    {
        Assert.Empty(Run("/bin/sh", argument.Length > 0 ? "xen-pciback.hide=(00:04.0)" : "quiet", argument));

        Assert.Empty(Hidden());
    }

    private string[] Run(string shell, string commandLine, string argument = "")
    {
        string log = _root.Write("log", "");
        foreach ((string path, _) in Machine)
        {
            _root.Write($"sys/devices/{path}/driver_override", "");
        }

        ProcessStartInfo start = new(shell) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileName(shell) == "busybox")
        {
            start.ArgumentList.Add("sh");
        }

        start.ArgumentList.Add(Script());
        if (argument.Length > 0)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PCIBACKFLOW_SYS"] = _root["sys"];
        start.Environment["PCIBACKFLOW_CMDLINE"] = _root.Write("cmdline", commandLine + "\n");
        start.Environment["PCIBACKFLOW_LOG"] = log;
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((0, ""), (process.ExitCode, said));
        return File.ReadAllLines(log);
    }

    private IEnumerable<string> Hidden() =>
        Machine.Where(one => File.ReadAllText(_root[$"sys/devices/{one.Path}/driver_override"]) == "pcibackflow\n").Select(one => Path.GetFileName(one.Path));

    private static PciAddress Address(string path) => PciAddress.Parse(Path.GetFileName(path));

    private static IEnumerable<PciAddress> Bridges(string path) => path.Split('/')[1..^1].Select(part => PciAddress.Parse(part));

    private static string Script([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../../packaging/initramfs-tools/scripts/init-top/pcibackflow"));
}

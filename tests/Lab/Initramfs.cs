using System.Diagnostics;
using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Lab.Tests;

/// <summary>
/// Dom0's initramfs of one boot: the prepared one, and behind it an archive with the program under test, the scripts and the guest's
/// initramfs, made the same way. The kernel unpacks archives that follow each other (Documentation/driver-api/early-userspace/buffer-format.rst).
/// </summary>
internal static class Initramfs
{
    public static string Make(TemporaryFolder folder, Type scenario, Machine machine, string binary)
    {
        string guest = folder["guest"];
        Place(guest, "init", Script("Guest/init.sh"), isExecutable: true);
        Place(guest, "lab.sh", Script("Guest/lab.sh"));
        foreach ((string? path, Func<string>? source) in machine.GuestFiles)
        {
            Place(guest, path, source(), isExecutable: true);
        }

        string guestInitramfs = Append(folder["guest.cpio"], "guest.cpio", guest);

        string dom0 = folder["dom0"];
        Place(dom0, "init", Script("Dom0/init.sh"), isExecutable: true);
        foreach (string? script in new[] { "lab.sh", "cases.sh", "case.sh" })
        {
            Place(dom0, $"lab/{script}", Script($"Dom0/{script}"));
        }

        Place(dom0, "lab/scenario.sh", ScenarioScript.PathOf(scenario));
        Place(dom0, "usr/bin/pcibackflow", binary, isExecutable: true);
        Place(dom0, "guest/guest.cpio", guestInitramfs);
        foreach ((string? path, Func<string>? source) in machine.Files)
        {
            Place(dom0, path, source(), isExecutable: true);
        }

        return Append(folder["dom0.cpio"], "dom0.cpio", dom0);
    }

    private static string Script(string name) => Path.Combine(ScenarioScript.Folder, name);

    private static void Place(string root, string path, string source, bool isExecutable = false)
    {
        string target = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(source, target);
        if (isExecutable)
        {
            File.SetUnixFileMode(target, File.GetUnixFileMode(target) | UnixFileMode.UserExecute);
        }
    }

    private static string Append(string target, string prepared, string root)
    {
        File.Copy(Path.Combine(LabSettings.HostFolder, prepared), target);
        var start = new ProcessStartInfo("sh", ["-ec", "cd \"$1\"; find . | cpio -o -H newc --quiet -R 0:0 >> \"$2\"", "sh", root, target]);
        using Process packing = Process.Start(start)!;
        packing.WaitForExit();
        return packing.ExitCode == 0 ? target : throw new InvalidOperationException($"cpio failed with {packing.ExitCode} on {root}");
    }
}

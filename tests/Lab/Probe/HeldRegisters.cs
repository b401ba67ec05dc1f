using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.LabProbe;

/// <summary>
/// Maps the registers of QEMU's edu device and never lets go of them: its second register keeps what is written, and is read inverted
/// (QEMU hw/misc/edu.c; documented in docs/specs/edu).
/// </summary>
internal static unsafe class HeldRegisters
{
    private const int Liveness = 1;

    /// <summary>Once a second writes a number and says whether the device has it: "N alive" or "N dead".</summary>
    /// <param name="path">The file of the region: <c>resource0</c>.</param>
    /// <param name="first">The first number; the others follow.</param>
    /// <param name="seconds">How often.</param>
    public static void Write(string path, uint first, uint seconds)
    {
        uint* registers = Map(path);
        for (uint number = first; number < first + seconds; number++)
        {
            Volatile.Write(ref registers[Liveness], number);
            Console.WriteLine($"{number} {(Volatile.Read(ref registers[Liveness]) == ~number ? "alive" : "dead")}");
            Thread.Sleep(1000);
        }
    }

    /// <summary>Writes a number once, and says every second what is there: "has N".</summary>
    /// <param name="path">The file of the region.</param>
    /// <param name="number">What is written.</param>
    /// <param name="seconds">How often it is read.</param>
    public static void Keep(string path, uint number, uint seconds)
    {
        uint* registers = Map(path);
        Volatile.Write(ref registers[Liveness], number);
        for (uint i = 0; i < seconds; i++)
        {
            Thread.Sleep(1000);
            Console.WriteLine($"has {~Volatile.Read(ref registers[Liveness])}");
        }
    }

    // Until the process ends.
    private static uint* Map(string path)
    {
        var device = DeviceFile.Open(path, "is it a function's region?");
        int error = device.MapPage(0, out byte* address);
        return error >= 0 ? (uint*)address : throw new HypervisorException((Errno)(-error), $"can't map {path}");
    }
}

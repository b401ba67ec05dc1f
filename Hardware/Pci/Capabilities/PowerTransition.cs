using System.Diagnostics;
using PciBackFlow.Hardware.Pci.Registers;

namespace PciBackFlow.Hardware.Pci.Capabilities;

/// <summary>
/// Moves a function between power states through PMCSR, with the rules and delays of Linux drivers/pci/pci.c: unsupported D1
/// and D2 are refused, and so is a way up that does not end in D0; 10 ms after D3hot, 200 µs after D2; configuration lost on
/// the way from D3hot is put back.
/// </summary>
internal static class PowerTransition
{
    private const int D2 = 2;
    private const int D3Hot = 3;
    private const int HeaderDwords = ConfigRegisters.HeaderSize / 4;
    private static readonly TimeSpan D3Delay = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan D2Delay = TimeSpan.FromMicroseconds(200);

    public static bool TryMove(IConfigSpace function, int state)
    {
        if (state is < 0 or > D3Hot)
        {
            return false;
        }

        if (!CapabilityWalk.Read(function).TryFind(CapabilityId.PowerManagement, out PciCapability power))
        {
            return state == 0;
        }

        int at = power.Offset + PowerManagementRegisters.ControlStatus;
        if (!function.TryRead(power.Offset + PowerManagementRegisters.Capabilities, 2, out uint capabilities)
            || !function.TryRead(at, 2, out uint control) || NoAnswer.Is(control, 2))
        {
            return false;
        }

        int before = (int)(control & PowerManagementRegisters.PowerState);
        if (before == state)
        {
            return true;
        }

        if ((state != 0 && state < before)
            || (state == 1 && (capabilities & PowerManagementRegisters.D1Support) == 0)
            || (state == D2 && (capabilities & PowerManagementRegisters.D2Support) == 0))
        {
            return false;
        }

        Span<uint> saved = stackalloc uint[HeaderDwords];
        for (int i = 0; i < HeaderDwords; i++)
        {
            if (!function.TryRead(4 * i, 4, out saved[i]))
            {
                return false;
            }
        }

        // PME status is cleared by writing 1: written as 0 it stays.
        uint kept = control & ~(PowerManagementRegisters.PowerState | PowerManagementRegisters.PmeStatus);
        if (!function.TryWrite(at, 2, kept | (uint)state))
        {
            return false;
        }

        Wait(before, state);
        if (!function.TryRead(at, 2, out uint reached) || (reached & PowerManagementRegisters.PowerState) != (uint)state)
        {
            return false;
        }

        return before != D3Hot || (reached & PowerManagementRegisters.NoSoftReset) != 0 || TryRestore(function, saved);
    }

    private static void Wait(int before, int after)
    {
        if (before == D3Hot || after == D3Hot)
        {
            Thread.Sleep(D3Delay);
        }
        else if (before == D2 || after == D2)
        {
            long start = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(start) < D2Delay)
            {
                Thread.SpinWait(32);
            }
        }
    }

    // The kernel's order: the header's end first, then the base addresses, and Command, which starts decoding, last.
    private static bool TryRestore(IConfigSpace function, ReadOnlySpan<uint> saved)
    {
        for (int i = HeaderDwords - 1; i >= 0; i--)
        {
            // Status shares Command's dword and is cleared by writing 1.
            uint value = i == ConfigRegisters.Command / 4 ? saved[i] & 0xFFFF : saved[i];
            if (!function.TryRead(4 * i, 4, out uint now))
            {
                return false;
            }

            if (now != saved[i] && !function.TryWrite(4 * i, 4, value))
            {
                return false;
            }
        }

        return true;
    }
}

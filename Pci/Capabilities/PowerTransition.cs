using System.Diagnostics;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Capabilities;

/// <summary>
/// Moves a function between power states through PMCSR, with the rules and delays of Linux drivers/pci/pci.c: unsupported D1
/// and D2 are refused, and so is a way up that does not end in D0; 10 ms after D3hot, 200 µs after D2. The way up from D3hot may end in a reset, which takes
/// some devices longer: it is waited for up to the second after which a device counts as broken (PCI_RESET_WAIT), with pauses that double as in pci_dev_wait.
/// Whatever of the header differs then is put back, the base addresses before what makes the function decode.
/// </summary>
internal static class PowerTransition
{
    private const int D2 = 2;
    private const int D3Hot = 3;
    private const int FirstAddress = ConfigRegisters.BaseAddress0 / 4;
    private const int Addresses = 6;
    private const uint LayoutMask = 0x7F;
    private const int HeaderDwords = ConfigRegisters.HeaderSize / 4;
    private static readonly TimeSpan D3Delay = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan D2Delay = TimeSpan.FromMicroseconds(200);

    // PCI Express Base 6.0 §6.6.1.
    private static readonly TimeSpan LongestReset = TimeSpan.FromSeconds(1);

    // As pci_restore_config_dword: base addresses are written up to so often, a millisecond apart, until they are read back.
    private const int Attempts = 10;

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

        if (!PowerStates.Allows(capabilities, before, state))
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
        return before == D3Hot ? Awaits(function, at) && TryRestore(function, saved) : IsIn(function, at, state);
    }

    private static bool IsIn(IConfigSpace function, int at, int state) =>
        function.TryRead(at, 2, out uint control) && !NoAnswer.Is(control, 2) && (control & PowerManagementRegisters.PowerState) == (uint)state;

    // A device that still resets itself shows another state, or all ones.
    private static bool Awaits(IConfigSpace function, int at)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pause = 1; !IsIn(function, at, state: 0); pause *= 2)
        {
            TimeSpan left = LongestReset - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            Thread.Sleep(Math.Min(pause, (int)Math.Ceiling(left.TotalMilliseconds)));
        }

        return true;
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
        bool isDevice = ((saved[ConfigRegisters.HeaderType / 4] >> (8 * (ConfigRegisters.HeaderType & 3))) & LayoutMask) == (uint)HeaderKind.Device;
        for (int i = HeaderDwords - 1; i >= 0; i--)
        {
            // Status shares Command's dword and is cleared by writing 1.
            uint value = i == ConfigRegisters.Command / 4 ? saved[i] & 0xFFFF : saved[i];
            if (!function.TryRead(4 * i, 4, out uint now))
            {
                return false;
            }

            if (now != saved[i] && !TryWrite(function, i, value, isDevice && i is >= FirstAddress and < FirstAddress + Addresses))
            {
                return false;
            }
        }

        return true;
    }

    // Whatever else a header holds may be read-only in part; an address that does not stay must not be decoded.
    private static bool TryWrite(IConfigSpace function, int dword, uint value, bool isAddress)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (attempt > 0)
            {
                Thread.Sleep(1);
            }

            if (!function.TryWrite(4 * dword, 4, value))
            {
                return false;
            }

            if (!isAddress || (function.TryRead(4 * dword, 4, out uint now) && now == value))
            {
                return true;
            }
        }

        return false;
    }
}

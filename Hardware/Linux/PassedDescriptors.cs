using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Hardware.Linux;

/// <summary>
/// The descriptors that a service manager passed to this process when it started it (sd_listen_fds(3)): from number 3 on, as many as <c>LISTEN_FDS</c> says,
/// called as
/// <c>LISTEN_FDNAMES</c> says, and meant for the process that <c>LISTEN_PID</c> names.
/// </summary>
public static class PassedDescriptors
{
    private const string Count = "LISTEN_FDS";
    private const string Names = "LISTEN_FDNAMES";
    private const string Process = "LISTEN_PID";

    // What the variables say besides, from systemd 257 on; it goes with the others.
    private const string ProcessIdentity = "LISTEN_PIDFDID";

    private const int First = 3; // SD_LISTEN_FDS_START

    /// <summary>How many are taken at most: more than a service manager keeps for this program by far.</summary>
    private const int Most = 4096;

    // asm-generic/fcntl.h
    private const int GetDescriptorFlags = 1; // F_GETFD
    private const int SetDescriptorFlags = 2; // F_SETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>
    /// Takes them, so that no program that this one starts has them, nor the variables. To be called once.
    /// </summary>
    /// <param name="problem">What was wrong with the variables; null when nothing was.</param>
    /// <returns>Those that are open; none when there are none, or when they are not for this process.</returns>
    public static IReadOnlyList<PassedDescriptor> Take(out string? problem)
    {
        string? process = Environment.GetEnvironmentVariable(Process);
        string? count = Environment.GetEnvironmentVariable(Count);
        string? names = Environment.GetEnvironmentVariable(Names);
        Array.ForEach([Process, Count, Names, ProcessIdentity], Unset);
        problem = null;
        if (string.IsNullOrEmpty(count) || process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        {
            // Another's: inherited with the environment of whoever started this one.
            return [];
        }

        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) || wanted > Most)
        {
            problem = $"{Count} is no number up to {Most}";
            return [];
        }

        List<PassedDescriptor> taken = [];
        string[] called = string.IsNullOrEmpty(names) ? [] : names.Split(':');
        for (int i = 0; i < wanted; i++)
        {
            // What is closed on exec did not come through one: it is this process's own, and not to be touched.
            int flags = LinuxCalls.Control(First + i, GetDescriptorFlags, 0);
            if (flags < 0 || (flags & CloseOnExec) != 0)
            {
                problem ??= $"{Count} says {wanted}, but descriptor {First + i} was not passed";
                continue;
            }

            _ = LinuxCalls.Control(First + i, SetDescriptorFlags, CloseOnExec);

            // As many names as descriptors, or nobody knows which is whose.
            taken.Add(new(called.Length == wanted ? called[i] : string.Empty, new SafeFileHandle(First + i, ownsHandle: true)));
        }

        if (called.Length != wanted && taken.Count > 0)
        {
            problem ??= $"{Names} has {called.Length} names for {wanted} descriptors";
        }

        return taken;
    }

    // Also where libraries look, and what execv(3) hands on: the runtime has a copy of its own.
    private static void Unset(string variable)
    {
        Environment.SetEnvironmentVariable(variable, null);
        _ = LinuxCalls.UnsetVariable(variable);
    }
}

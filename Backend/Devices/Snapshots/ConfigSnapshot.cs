using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Backend.Devices.Snapshots;

/// <summary>
/// A function's settings as they were: what a reset loses and no guest may inherit from another. Only registers whose meaning is known are read, because
/// reading the others is not harmless on every device. Immutable.
/// </summary>
/// <param name="Registers">In the order of their restoration.</param>
public sealed record ConfigSnapshot(IReadOnlyList<SavedRegister> Registers)
{
    // As Linux pci_restore_config_dword: a device may need a moment after a reset before it keeps what is written.
    private const int Attempts = 10;
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(1);

    /// <summary>Reads a function's settings.</summary>
    /// <param name="function">The function.</param>
    /// <returns>The snapshot; without a register whose read failed.</returns>
    public static ConfigSnapshot Take(IConfigSpace function)
    {
        List<SavedRegister> registers = [];
        foreach (SnapshotRow row in SnapshotTable.Of(function, CapabilityWalk.Read(function)))
        {
            if (function.TryRead(row.Offset, row.Size, out uint value))
            {
                registers.Add(new(row.Name, row.Offset, row.Size, row.Mask, row.ClearOnOne, value));
            }
        }

        return new(registers);
    }

    /// <summary>
    /// The settings a guest gets: decoding as they are here, but no bus mastering, no messages, no wake-up
    /// event, line interrupt not disabled.
    /// </summary>
    /// <returns>The snapshot without what the last user switched on.</returns>
    public ConfigSnapshot Quiet() => new([.. Registers.Select(static register => register.Name switch
    {
        SnapshotTable.Command => register with { Value = register.Value & ~(CommandBits.BusMaster | CommandBits.InterruptDisable) },
        SnapshotTable.MsiControl => register with { Value = register.Value & ~MsiRegisters.Enable },
        SnapshotTable.MsiXControl => register with { Value = register.Value & ~(MsiXRegisters.Enable | MsiXRegisters.FunctionMask) },
        SnapshotTable.PowerControl => register with { Value = register.Value & ~PowerManagementRegisters.PmeEnable },
        _ => register,
    })]);

    /// <summary>Writes back what differs and reads it again.</summary>
    /// <param name="function">The function.</param>
    /// <param name="repaired">The registers that had to be written.</param>
    /// <returns>The registers that did not keep what was written; empty when everything is as it was.</returns>
    public IReadOnlyList<string> Restore(IConfigSpace function, out IReadOnlyList<string> repaired)
    {
        List<string> written = [];
        List<string> lost = [];
        foreach (SavedRegister register in Registers)
        {
            if (Holds(function, register, register.Mask, out uint now))
            {
                continue;
            }

            written.Add(register.Name);
            if (!TryWrite(function, register, now))
            {
                lost.Add(register.Name);
            }
        }

        repaired = written;
        return lost;
    }

    private static bool TryWrite(IConfigSpace function, SavedRegister register, uint now)
    {
        uint asked = register.Name == SnapshotTable.MsiXControl ? register.Mask & ~SnapshotTable.MsiXControlOfXen : register.Mask;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            if (attempt > 0)
            {
                Thread.Sleep(BetweenAttempts);
            }

            uint value = (now & ~register.Mask & ~register.ClearOnOne) | (register.Value & register.Mask);
            if (function.TryWrite(register.Offset, register.Size, value) && Holds(function, register, asked, out now))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Holds(IConfigSpace function, SavedRegister register, uint mask, out uint now) =>
        function.TryRead(register.Offset, register.Size, out now) && ((now ^ register.Value) & mask) == 0;
}

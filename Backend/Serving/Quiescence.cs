using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Capabilities;
using PciBackFlow.Hardware.Pci.Registers;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// Stops a function's DMA before anything else is taken from it: a device that still writes would write into memory that its guest no longer
/// owns. Waits as long as Linux does before a function level reset (drivers/pci/pci.c, pci_wait_for_pending).
/// </summary>
internal static class Quiescence
{
    private static readonly int[] PausesMilliseconds = [0, 100, 200, 400];

    /// <summary>Bus master off, then waits for the transactions under way. Blocks for 0.7 s at most, besides an access that hangs.</summary>
    /// <param name="hardware">The function; withdrawn from its guest (<see cref="Withdrawal"/>). Whoever may still be inside it must not keep the bus master on.</param>
    /// <returns>False when transactions stayed pending.</returns>
    public static bool Reach(IPciFunction hardware)
    {
        if (!hardware.TryRead(ConfigRegisters.Command, 2, out uint command) || NoAnswer.Is(command, 2))
        {
            return true;
        }

        if ((command & CommandBits.BusMaster) != 0)
        {
            hardware.TryWrite(ConfigRegisters.Command, 2, command & ~CommandBits.BusMaster);
        }

        if (!CapabilityWalk.Read(hardware).TryFind(CapabilityId.PciExpress, out PciCapability express))
        {
            return true;
        }

        foreach (int pause in PausesMilliseconds)
        {
            Thread.Sleep(pause);
            if (!hardware.TryRead(express.Offset + PciExpressRegisters.DeviceStatus, 2, out uint status)
                || NoAnswer.Is(status, 2) || (status & PciExpressRegisters.TransactionsPending) == 0)
            {
                return true;
            }
        }

        return false;
    }
}

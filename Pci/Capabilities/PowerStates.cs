using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Capabilities;

/// <summary>Which device power states a function can go to from another (PCI Power Management 1.2 §5.4): 0 to 3 are D0, D1, D2 and D3hot.</summary>
public static class PowerStates
{
    private const int D1 = 1;
    private const int D2 = 2;

    /// <summary>Whether there is such a transition; Linux refuses the others (drivers/pci/pci.c).</summary>
    /// <param name="capabilities">The function's PM Capabilities: whether it has D1 and D2.</param>
    /// <param name="from">The state it is in.</param>
    /// <param name="to">The wanted one.</param>
    /// <returns>False for D1 and D2 that it does not have, and for a way up that does not end in D0.</returns>
    public static bool Allows(uint capabilities, int from, int to) => from == to || to switch
    {
        0 => true,
        D1 => from < to && (capabilities & PowerManagementRegisters.D1Support) != 0,
        D2 => from < to && (capabilities & PowerManagementRegisters.D2Support) != 0,
        _ => true,
    };
}

using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Serving;

/// <summary>One function of one guest, for reports.</summary>
public sealed class FunctionSnapshot
{
    private readonly AssignedFunction _function;
    private readonly InterruptOperations? _interrupts;

    internal FunctionSnapshot(AssignedFunction function, InterruptOperations? interrupts)
    {
        _function = function;
        _interrupts = interrupts;
    }

    /// <summary>Where the host has it.</summary>
    public PciAddress Host => _function.Hardware.Address;

    /// <summary>Where the guest sees it.</summary>
    public PciAddress Guest => _function.GuestAddress;

    /// <summary>Where it comes from, for people.</summary>
    public string Origin => _function.Hardware.Origin;

    /// <summary>What the guest may do with it, and who said so.</summary>
    public EffectivePolicy Policy => EffectivePolicy.Of(_function.Policy);

    /// <summary>What policy dropped of the guest's writes so far; live.</summary>
    public IReadOnlyList<DeniedRegister> Denied => _function.Denied.Read();

    /// <summary>The permissions, for the names of registers; live.</summary>
    internal ConfigSpaceMap Map => _function.Map;

    /// <summary>The same, as it is in force.</summary>
    internal AccessPolicy InForce => _function.Policy;

    /// <summary>The guest's virtual registers; live.</summary>
    internal VirtualRegisters Registers => _function.Registers;

    /// <summary>Which interrupts the guest has enabled; live.</summary>
    public InterruptState Interrupts => _interrupts?.StateOf(_function) ?? InterruptState.None;

    /// <summary>Hardware reads so far; live.</summary>
    public long HardwareReads => _function.HardwareReads;

    /// <summary>Hardware writes so far; live.</summary>
    public long HardwareWrites => _function.HardwareWrites;

    /// <summary>How often its base addresses were found lost and written back; live.</summary>
    public long AddressesLost => _function.AddressesLost;

    /// <summary>Whether its accesses leave the shard because they took too long; live.</summary>
    public bool IsSlow => _function.IsSlow;

    /// <summary>Whether it no longer answers; live.</summary>
    public bool IsGone => _function.IsGone;
}

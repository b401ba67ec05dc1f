using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Emulated;

public partial class EmulatedFunction
{
    /// <inheritdoc/>
    public bool TryEnable()
    {
        if (!Answers() || !TrySetPowerState(0))
        {
            return false;
        }

        uint decode = 0u;
        for (int i = 0; i < 6; i++)
        {
            if (_baseAddresses[i].IsAssigned)
            {
                decode |= _baseAddresses[i].IsIo ? CommandBits.Io : CommandBits.Memory;
            }
        }

        uint command = Load(ConfigRegisters.Command, 2);
        Store(ConfigRegisters.Command, 2, command | decode);
        return true;
    }

    /// <inheritdoc/>
    public bool PhysicalFunctionDecodesMemory() =>
        IsVirtualFunction && PhysicalFunction is { } physical && physical.TryRead(ConfigRegisters.Command, 2, out uint command)
        && !NoAnswer.Is(command, 2) && (command & CommandBits.Memory) != 0;

    /// <inheritdoc/>
    public bool TrySetPowerState(int state)
    {
        if (!Answers() || state is < 0 or > 3)
        {
            return false;
        }

        int before = PowerState;
        if (state == before)
        {
            return true;
        }
        // The kernel refuses a way up that does not end in D0.
        if (_powerAt == 0 || (state != 0 && state < before))
        {
            return false;
        }

        byte[] saved = _bytes.AsSpan().ToArray();
        int resets = Resets;
        int at = _powerAt + PowerManagementRegisters.ControlStatus;
        Store(at, 2, (Load(at, 2) & ~(PowerManagementRegisters.PowerState | PowerManagementRegisters.PmeStatus)) | (uint)state);
        if (PowerState != state)
        {
            return false;
        }

        if (Resets != resets)
        {
            Restore(saved);
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryReset()
    {
        if (!Answers() || !IsResettable)
        {
            return false;
        }

        byte[] saved = _bytes.AsSpan().ToArray();
        Reset();
        Restore(saved);
        return true;
    }

    /// <summary>Whether it has a reset of its own: FLR, AF FLR, or D3hot without NO_SOFT_RESET.</summary>
    public bool IsResettable =>
        (_expressAt != 0 && (Load(_expressAt + PciExpressRegisters.DeviceCapabilities, 4) & PciExpressRegisters.FunctionLevelReset) != 0)
        || (_featuresAt != 0 && (_bytes[_featuresAt + AdvancedFeaturesRegisters.Capabilities] & AdvancedFeaturesRegisters.FunctionLevelReset) != 0)
        || (_powerAt != 0 && (_bytes[_powerAt + PowerManagementRegisters.ControlStatus] & PowerManagementRegisters.NoSoftReset) == 0);

    private bool Answers() => Faults.Enter() is FaultKind.None or FaultKind.Slow;

    // What the kernel puts back: the writable bits of header and capabilities, in D0. Not message interrupts: it restores those that it
    // enabled itself, and a guest's are Xen's business (drivers/pci/msi, pci_restore_msi_state).
    private void Restore(byte[] saved)
    {
        ReadOnlySpan<byte> writable = _masks.Writable;
        for (int i = 0; i < _bytes.Length; i++)
        {
            if (_masks.IsKnown(i) && !IsMessage(i))
            {
                _bytes[i] = (byte)((_bytes[i] & ~writable[i]) | (saved[i] & writable[i]));
            }
        }

        if (_powerAt != 0)
        {
            _bytes[_powerAt + PowerManagementRegisters.ControlStatus] &= unchecked((byte)~PowerManagementRegisters.PowerState);
        }
    }

    private bool IsMessage(int offset)
    {
        foreach (PciCapability capability in Capabilities.Capabilities)
        {
            if (!capability.IsExtended && capability.StandardId is CapabilityId.Msi or CapabilityId.MsiX
                && offset >= capability.Offset && offset < capability.Offset + CapabilitySize.Of(this, capability))
            {
                return true;
            }
        }

        return false;
    }
}

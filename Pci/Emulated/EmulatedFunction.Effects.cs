using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Emulated;

public partial class EmulatedFunction
{
    private void Store(int offset, int size, uint value)
    {
        int powerBefore = PowerState;
        ReadOnlySpan<byte> writable = _masks.Writable;
        ReadOnlySpan<byte> clearedByOne = _masks.ClearedByOne;
        for (int i = 0; i < size; i++)
        {
            byte written = (byte)(value >> (8 * i));
            int at = offset + i;
            int kept = (_bytes[at] & ~writable[at]) | (written & writable[at]);
            _bytes[at] = (byte)(kept & ~(written & clearedByOne[at]));
        }

        if (Touches(offset, size, ConfigRegisters.Bist))
        {
            RunSelfTest();
        }

        if (_powerAt != 0 && Touches(offset, size, _powerAt + PowerManagementRegisters.ControlStatus))
        {
            ChangePower(powerBefore);
        }
        // The bit that starts it lies in the high byte of Device Control.
        if (_expressAt != 0 && Touches(offset, size, _expressAt + PciExpressRegisters.DeviceControl + 1)
            && (ByteOf(value, offset, _expressAt + PciExpressRegisters.DeviceControl + 1) & (PciExpressRegisters.InitiateFunctionLevelReset >> 8)) != 0
            && (Load(_expressAt + PciExpressRegisters.DeviceCapabilities, 4) & PciExpressRegisters.FunctionLevelReset) != 0)
        {
            Reset();
        }

        if (_featuresAt != 0 && Touches(offset, size, _featuresAt + AdvancedFeaturesRegisters.Control)
            && (ByteOf(value, offset, _featuresAt + AdvancedFeaturesRegisters.Control) & AdvancedFeaturesRegisters.InitiateFunctionLevelReset) != 0
            && (_bytes[_featuresAt + AdvancedFeaturesRegisters.Capabilities] & AdvancedFeaturesRegisters.FunctionLevelReset) != 0)
        {
            Reset();
        }
        // F lies in the high byte of the address: writing that byte starts the transfer.
        if (_vpdAt != 0 && Touches(offset, size, _vpdAt + VpdRegisters.Address + 1))
        {
            TransferVpd();
        }

        // Start of BIST is not an RW bit, since it clears itself: it is looked at here, where the written value is known.
        void RunSelfTest()
        {
            uint written = ByteOf(value, offset, ConfigRegisters.Bist);
            if ((_bytes[ConfigRegisters.Bist] & SelfTestBits.Capable) != 0 && (written & SelfTestBits.Start) != 0)
            {
                SelfTests++;
                _bytes[ConfigRegisters.Bist] = SelfTestBits.Capable;
            }
        }
    }

    /// <summary>Built-in self tests it was asked to run; each passes at once.</summary>
    public int SelfTests { get; private set; }

    /// <summary>Its power state, 0 to 3; 0 without the capability.</summary>
    public int PowerState =>
        _powerAt == 0 ? 0 : _bytes[_powerAt + PowerManagementRegisters.ControlStatus] & (int)PowerManagementRegisters.PowerState;

    private static bool Touches(int offset, int size, int at) => at >= offset && at < offset + size;

    private static uint ByteOf(uint value, int offset, int at) => (value >> (8 * (at - offset))) & 0xFF;

    private void ChangePower(int before)
    {
        int after = PowerState;
        uint capabilities = Load(_powerAt + PowerManagementRegisters.Capabilities, 2);
        bool supported = after switch
        {
            1 => (capabilities & PowerManagementRegisters.D1Support) != 0,
            2 => (capabilities & PowerManagementRegisters.D2Support) != 0,
            _ => true,
        };
        ref byte control = ref _bytes[_powerAt + PowerManagementRegisters.ControlStatus];
        // A write of an unsupported state is completed and discarded (PCI Power Management 1.2 §3.2.4).
        if (!supported)
        {
            control = (byte)((control & ~(int)PowerManagementRegisters.PowerState) | before);
        }
        else if (before == 3 && after == 0 && (control & PowerManagementRegisters.NoSoftReset) == 0)
        {
            Reset();
        }
    }

    // Everything writable takes its default; device-specific bytes, of which nothing is known, what they held at first.
    private void Reset()
    {
        Resets++;
        ReadOnlySpan<byte> writable = _masks.Writable;
        ReadOnlySpan<byte> clearedByOne = _masks.ClearedByOne;
        ReadOnlySpan<byte> reset = _masks.ResetValue;
        for (int i = 0; i < _bytes.Length; i++)
        {
            _bytes[i] = _masks.IsKnown(i)
                ? (byte)((_initial[i] & ~writable[i] & ~clearedByOne[i]) | (reset[i] & writable[i]))
                : _initial[i];
        }
    }

    private void TransferVpd()
    {
        int address = (int)(Load(_vpdAt + VpdRegisters.Address, 2) & VpdRegisters.AddressMask) & ~3;
        Span<byte> store = Vpd.Span;
        ref byte flag = ref _bytes[_vpdAt + VpdRegisters.Address + 1];
        bool isWrite = (flag & (VpdRegisters.Flag >> 8)) != 0;
        for (int i = 0; i < 4; i++)
        {
            ref byte data = ref _bytes[_vpdAt + VpdRegisters.Data + i];
            if (isWrite && address + i < store.Length)
            {
                store[address + i] = data;
            }
            else if (!isWrite)
            {
                data = address + i < store.Length ? store[address + i] : (byte)0;
            }
        }

        // The flag changes sides when the transfer is done; here at once.
        flag ^= (byte)(VpdRegisters.Flag >> 8);
    }
}

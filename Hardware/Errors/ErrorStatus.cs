using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Hardware.Errors;

/// <summary>What a function's own registers say about errors (PCI Express Base 3.0 §7.10, §7.8.5), and how they are cleared.</summary>
internal static class ErrorStatus
{
    // Correctable, non-fatal, fatal, unsupported request: each cleared by writing 1.
    private const uint DeviceErrors = 0x000F;

    /// <summary>Reads what is recorded and not masked.</summary>
    /// <param name="function">The function.</param>
    /// <returns>The worst of it; null when nothing is, or it does not answer.</returns>
    public static ErrorObservation? Read(IPciFunction function)
    {
        if (!CapabilityWalk.Read(function).TryFind(ExtendedCapabilityId.AdvancedErrorReporting, out PciCapability aer)
            || !function.TryRead(aer.Offset + AerRegisters.UncorrectableStatus, 4, out uint status) || NoAnswer.Is(status, 4)
            || !function.TryRead(aer.Offset + AerRegisters.UncorrectableMask, 4, out uint mask)
            || !function.TryRead(aer.Offset + AerRegisters.UncorrectableSeverity, 4, out uint severity)
            || (status & ~mask) == 0)
        {
            return null;
        }

        uint seen = status & ~mask;
        Span<uint> words = stackalloc uint[4];
        bool isLogged = true;
        for (int i = 0; i < words.Length; i++)
        {
            isLogged &= function.TryRead(aer.Offset + AerRegisters.HeaderLog + (4 * i), 4, out words[i]);
        }

        TlpHeader header = new(words[0], words[1], words[2], words[3]);
        return new(function.Address, (seen & severity) != 0 ? ErrorSeverity.Fatal : ErrorSeverity.NonFatal)
        {
            Bits = AerBits.NamesOf(seen, isCorrectable: false),
            Header = isLogged && !header.IsEmpty ? header : null,
        };
    }

    /// <summary>Clears everything that is recorded.</summary>
    /// <param name="function">The function, writable.</param>
    public static void Clear(IPciFunction function)
    {
        CapabilityList capabilities = CapabilityWalk.Read(function);
        if (capabilities.TryFind(ExtendedCapabilityId.AdvancedErrorReporting, out PciCapability aer))
        {
            ClearOne(function, aer.Offset + AerRegisters.UncorrectableStatus, 4, uint.MaxValue);
            ClearOne(function, aer.Offset + AerRegisters.CorrectableStatus, 4, uint.MaxValue);
        }

        if (capabilities.TryFind(CapabilityId.PciExpress, out PciCapability express))
        {
            ClearOne(function, express.Offset + PciExpressRegisters.DeviceStatus, 2, DeviceErrors);
        }
    }

    private static void ClearOne(IPciFunction function, int offset, int size, uint bits)
    {
        if (function.TryRead(offset, size, out uint value) && !NoAnswer.Is(value, size) && (value & bits) != 0)
        {
            function.TryWrite(offset, size, value & bits);
        }
    }
}

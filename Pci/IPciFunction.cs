namespace PciBackFlow.Pci;

/// <summary>
/// A PCI function that can be handed to a guest: its configuration space, what the host knows about it besides, and
/// the operations that belong to the host's kernel rather than to a register.
/// </summary>
public interface IPciFunction : IConfigSpace, IDisposable
{
    /// <summary>Its address on the host.</summary>
    PciAddress Address { get; }

    /// <summary>Where it comes from, for people: <c>sysfs 0000:00:02.0</c>, <c>cap-aer-log 00:1c.0</c>.</summary>
    string Origin { get; }

    /// <summary>
    /// How many bytes from offset 0 can really be read: less than <see cref="IConfigSpace.Size"/> when the host truncates
    /// (64 without privilege) or a capture ends early. Reads beyond fail.
    /// </summary>
    int ReadableSize { get; }

    /// <summary>Vendor id: of a virtual function from the host's files, because its register reads FFFF.</summary>
    ushort VendorId { get; }

    /// <summary>Device id, likewise.</summary>
    ushort DeviceId { get; }

    /// <summary>Whether this is an SR-IOV virtual function.</summary>
    bool IsVirtualFunction { get; }

    /// <summary>The interrupt number the guest reads at 0x3C: the host's irq for the pin while MSI is off; 0 for none.</summary>
    byte InterruptLine { get; }

    /// <summary>Base addresses as the host assigned them: indexes 0–5 the BARs, 6 the expansion ROM. One that is implemented without an address has start 0
    /// and its length; where the host's kernel has no resource for a register (not implemented, unset or disabled) the entry is empty. The
    /// upper half of a 64-bit BAR has its own, empty entry.</summary>
    IReadOnlyList<BaseAddress> BaseAddresses { get; }

    /// <summary>
    /// Whether the physical function behind a virtual function decodes memory now (its Command register). A virtual function's own bit is hard-wired
    /// to 0, and its memory regions answer only while the other's is on (SR-IOV 1.1 §3.4.1.3).
    /// </summary>
    /// <returns>False too when it cannot be read, and for a function that is not virtual.</returns>
    bool PhysicalFunctionDecodesMemory();

    /// <summary>Makes the function answer: power to D0 and decoding as its resources ask (the kernel's "enable").</summary>
    /// <returns>False when the host refused.</returns>
    bool TryEnable();

    /// <summary>Moves the function to a device power state with the kernel's rules and delays. May block for 10 ms and more.</summary>
    /// <param name="state">0 to 3: D0, D1, D2, D3hot.</param>
    /// <returns>False when the transition is not allowed or failed.</returns>
    bool TrySetPowerState(int state);

    /// <summary>Resets this function alone and restores its configuration. May block for seconds.</summary>
    /// <returns>False when no reset method exists or it failed.</returns>
    bool TryReset();

    /// <summary>
    /// Writes back what a reset by somebody else has lost: the kernel resets a link after a fatal error, and of a function without a driver restores nothing.
    /// May block for seconds.
    /// </summary>
    /// <returns>False when it does not answer, did not take its settings, or nobody here keeps them.</returns>
    bool TryPutBack() => false;
}

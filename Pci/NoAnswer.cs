namespace PciBackFlow.Pci;

/// <summary>
/// What a bus gives when no function answers: all ones (PCI Local Bus 3.0 §6.1). A function that was pulled out, has no power or was never there reads so,
/// and a register that could really hold it says nothing.
/// </summary>
public static class NoAnswer
{
    /// <summary>All ones of an access's size.</summary>
    /// <param name="size">1 or 2 bytes; anything else means 4.</param>
    /// <returns>0xFF, 0xFFFF or 0xFFFFFFFF.</returns>
    public static uint Of(int size) => size switch { 1 => 0xFF, 2 => 0xFFFF, _ => uint.MaxValue };

    /// <summary>Whether a value that was read is no answer.</summary>
    /// <param name="value">The value.</param>
    /// <param name="size">The bytes that were read: 1, 2 or 4.</param>
    /// <returns>True for all ones.</returns>
    public static bool Is(uint value, int size) => value == Of(size);

    /// <summary>
    /// Whether a function does not answer: its revision and class, which no function has all ones in. A virtual
    /// function's vendor id may be FFFF.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <returns>True when it is gone, or the access failed.</returns>
    public static bool From(IConfigSpace function) => !function.TryRead(ConfigRegisters.RevisionId, 4, out uint value) || Is(value, 4);
}

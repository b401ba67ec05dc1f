using System.Diagnostics.CodeAnalysis;

namespace PciBackFlow.Backend.Selection;

/// <summary>One way to name a device: a row of <see cref="SelectorForms"/>.</summary>
/// <param name="Key">What stands before the <c>=</c>.</param>
/// <param name="Grammar">What stands behind it, for people.</param>
/// <param name="Survives">What it outlives and what it does not, for people.</param>
/// <param name="Read">Reads what stands behind it; on a refusal where and why.</param>
public sealed record SelectorForm(string Key, string Grammar, string Survives, Func<string, (DeviceSelector? Selector, int ErrorIndex, string Reason)> Read)
{
    /// <summary>Reads a value.</summary>
    /// <param name="value">What stands behind the key.</param>
    /// <param name="selector">The selector; null when refused.</param>
    /// <param name="errorIndex">Index of the wrong character in the value; -1 when accepted.</param>
    /// <param name="reason">What is wrong there; empty when accepted.</param>
    /// <returns>Whether it is one.</returns>
    internal bool TryRead(string value, [NotNullWhen(true)] out DeviceSelector? selector, out int errorIndex, out string reason)
    {
        (selector, errorIndex, reason) = Read(value);
        return selector is not null;
    }
}

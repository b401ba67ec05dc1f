using System.Diagnostics.CodeAnalysis;
using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Selection;

/// <summary>
/// A device in a person's words: by its address, or by what stays when another card has changed the bus numbers. Its forms are
/// <see cref="SelectorForms"/>; every door reads them there: the command line, the control API, specifications (<c>PCI_SPEC</c>), the configuration, hide
/// lists, and the script of the initramfs, which is held to the same table by its tests. Immutable.
/// </summary>
public abstract record DeviceSelector
{
    /// <summary>The form's key: <c>bdf</c>, <c>path</c>, <c>id</c>, <c>class</c> or <c>name</c>.</summary>
    public abstract string Key { get; }

    /// <summary>What stands behind the key.</summary>
    public abstract string Value { get; }

    /// <summary>A device by its address.</summary>
    /// <param name="address">The address.</param>
    /// <returns>The selector.</returns>
    public static DeviceSelector Of(PciAddress address) => new AddressSelector(address);

    /// <summary>Reads <c>[DDDD:]BB:SS.F</c> or <c>KEY=VALUE</c>.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="selector">What it says; null when refused.</param>
    /// <param name="errorIndex">Index of the wrong character; -1 when accepted.</param>
    /// <param name="reason">What is wrong there, for people; empty when accepted.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out DeviceSelector? selector, out int errorIndex, out string reason)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return SelectorForms.ByAddress.TryRead(text, out selector, out errorIndex, out reason);
        }

        if (SelectorForms.Find(text[..equals]) is not { } form)
        {
            (selector, errorIndex) = (null, 0);
            reason = $"a device is named by {SelectorForms.Grammar}";
            return false;
        }

        bool isRead = form.TryRead(text[(equals + 1)..], out selector, out errorIndex, out reason);
        errorIndex = isRead ? -1 : errorIndex + equals + 1;
        return isRead;
    }

    /// <summary>What to say of a word that is none, before the reason.</summary>
    /// <param name="word">The word.</param>
    /// <returns>A phrase that goes on with the reason.</returns>
    public static string FaultOf(string word)
    {
        string fault = word.Contains('=', StringComparison.Ordinal) ? "names no device" : "is not a PCI address";
        return $"'{ForeignText.Shown(word, word.Length, replacement: '?')}' {fault}";
    }

    /// <summary>Reads a selector where a held device's bare name is one as well: a word that has no form is a name.</summary>
    /// <param name="word">The word.</param>
    /// <returns>The selector; null when the word can be neither.</returns>
    public static DeviceSelector? ReadWordOrName(string word) =>
        TryParse(word, out DeviceSelector? selector, out _, out _) ? selector
        : !SelectorForms.IsKeyed(word) && SelectorForms.ByName.TryRead(word, out selector, out _, out _) ? selector
        : null;

    /// <summary>Whether a function of the host is meant.</summary>
    /// <param name="candidate">The function.</param>
    /// <returns>True when it is.</returns>
    public abstract bool Matches(DeviceCandidate candidate);

    /// <summary>As it is read: <c>path=pci0000:00/1c.0/00.0</c>; an address without its key.</summary>
    /// <returns>The text.</returns>
    public sealed override string ToString() => this is AddressSelector ? Value : $"{Key}={Value}";
}

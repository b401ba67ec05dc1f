using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Policy;

/// <summary>Quirks as an administrator gave them to xen-pciback, by the function they are for. Immutable.</summary>
public sealed class QuirkParameter
{
    private readonly Dictionary<PciAddress, List<QuirkField>> _fields = [];

    /// <summary>Reads quirks.</summary>
    /// <param name="texts">Each <c>[DDDD:]BB:SS.F-REG:SIZE:MASK</c> (<see cref="QuirkGrammar"/>).</param>
    /// <exception cref="ArgumentException">One of them is no quirk; the message quotes it and says what is wrong where.</exception>
    public QuirkParameter(IEnumerable<string> texts)
    {
        foreach (string text in texts)
        {
            SettingOrigin origin = new(SettingSource.DriverParameter, $"quirks={text.Trim()}");
            if (!QuirkGrammar.TryParse(text, origin, out PciAddress address, out QuirkField field, out int at, out string reason))
            {
                throw new ArgumentException($"quirk '{text}' is wrong at character {at + 1}: {reason}", nameof(texts));
            }

            if (!_fields.TryGetValue(address, out List<QuirkField>? fields))
            {
                _fields.Add(address, fields = []);
            }

            fields.Add(field);
        }
    }

    /// <summary>No quirks.</summary>
    public static QuirkParameter None { get; } = new([]);

    /// <summary>A function's quirks.</summary>
    /// <param name="function">The function's address on the host.</param>
    /// <returns>What they say.</returns>
    public PolicyStatement For(PciAddress function) =>
        _fields.TryGetValue(function, out List<QuirkField>? fields) ? new() { Quirks = fields } : PolicyStatement.Nothing;
}

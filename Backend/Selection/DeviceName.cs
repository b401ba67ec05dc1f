using PciBackFlow.Hardware.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Selection;

/// <summary>
/// The name a person gives a held device, to attach it by (<c>name=NAME</c>): 1 to 64 printable ASCII characters, blanks
/// included. Not a comma, which ends the name in a device specification, and not the form of an address or of another selector, which would be taken for
/// one. No two held devices have one name.
/// </summary>
public static class DeviceName
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>Why a text cannot be a device's name.</summary>
    /// <param name="name">The text.</param>
    /// <returns>The rule it breaks, for people; null when it can be a name.</returns>
    public static string? FaultOf(string name)
    {
        if (name.Length is 0 or > MaxLength || !name.All(ForeignText.IsPrintable))
        {
            return $"a name has 1 to {MaxLength} printable characters";
        }

        if (name.Contains(',', StringComparison.Ordinal))
        {
            return $"'{name}' has a comma, which ends a name where a device is attached by it";
        }

        return PciAddress.TryParse(name, out _) ? $"'{name}' is an address: as a name it would be taken for one"
            : SelectorForms.IsKeyed(name) ? $"'{name}' begins as a selector does: as a name it would be taken for one" : null;
    }

    /// <summary>Refuses what cannot be a device's name beside those of the devices held now.</summary>
    /// <param name="name">The name; null, no name, is always right.</param>
    /// <param name="address">The device it is for; its own name may stay.</param>
    /// <param name="held">The devices held now.</param>
    /// <exception cref="BackendException">It breaks a rule, or another device has it.</exception>
    internal static void Check(string? name, PciAddress address, IEnumerable<(PciAddress Address, string? Name)> held)
    {
        if (name is null)
        {
            return;
        }

        if (FaultOf(name) is { } fault)
        {
            throw new BackendException(BackendFailure.Malformed, fault);
        }

        foreach ((PciAddress other, string? its) in held)
        {
            if (its == name && other != address)
            {
                throw new BackendException(BackendFailure.Malformed, $"the name '{name}' is {other}'s");
            }
        }
    }
}

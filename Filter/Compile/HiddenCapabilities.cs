using System.Globalization;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Tables;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Compile;

/// <summary>Which capabilities of a function are hidden: those that a policy hides, those that no guest can use, and the first function's.</summary>
internal static class HiddenCapabilities
{
    private const string StandardPrefix = "CAP_";
    private const string ExtendedPrefix = "ECAP_";

    internal static IReadOnlyList<PciCapability> Of(CapabilityList list, AccessPolicy policy, bool isVpdAnothers, List<string> problems)
    {
        var hidden = new List<PciCapability>();
        foreach (PciCapability capability in list.Capabilities)
        {
            if ((policy.Profile.Value == PolicyProfile.QemuXen && !QemuXenTable.Shows(capability)) || (isVpdAnothers && SharedVpd.Is(capability))
                || (policy.HideUnusable.Value && UnusableTable.Has(capability)))
            {
                hidden.Add(capability);
            }
        }

        foreach (string name in policy.HiddenCapabilities)
        {
            if (!TryParse(name, out ushort id, out bool isExtended))
            {
                problems.Add($"hidden capability {name}: no such name");
                continue;
            }

            foreach (PciCapability capability in list.Capabilities)
            {
                if (capability.Id == id && capability.IsExtended == isExtended && !hidden.Contains(capability))
                {
                    hidden.Add(capability);
                }
            }
        }

        return hidden;
    }

    /// <summary>Reads <c>CAP_PM</c> or <c>ECAP_AER</c>, either case; a number after the underscore is hexadecimal.</summary>
    internal static bool TryParse(string name, out ushort id, out bool isExtended)
    {
        isExtended = name.StartsWith(ExtendedPrefix, StringComparison.OrdinalIgnoreCase);
        id = 0;
        if (!isExtended && !name.StartsWith(StandardPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        ReadOnlySpan<char> shortName = name.AsSpan((isExtended ? ExtendedPrefix : StandardPrefix).Length);
        if (isExtended && CapabilityNames.TryFind(shortName, out ExtendedCapabilityId extended))
        {
            id = (ushort)extended;
        }
        else if (!isExtended && CapabilityNames.TryFind(shortName, out CapabilityId standard))
        {
            id = (ushort)standard;
        }
        else if (!ushort.TryParse(shortName, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id)
            || (!isExtended && id > 0xFF))
        {
            return false;
        }

        return true;
    }
}

using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Insight;

/// <summary>What a policy opens of one function that the default does not, and what of that is dangerous to others than its guest.</summary>
/// <param name="Opened">The bits that reach hardware, by register.</param>
/// <param name="Hazards">What is dangerous; none for a policy that a guest can be given without a second thought.</param>
/// <param name="Problems">Rules and hidden capabilities that change nothing.</param>
public sealed record PolicyTrial(IReadOnlyList<PolicyOpening> Opened, IReadOnlyList<PolicyHazard> Hazards, IReadOnlyList<string> Problems)
{
    private const uint UhciClass = 0x0C0300;
    private const int UhciLegacy = 0xC0;

    /// <summary>Tries a policy.</summary>
    /// <param name="function">The function; only read.</param>
    /// <param name="policy">The policy.</param>
    /// <returns>What it opens.</returns>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    public static PolicyTrial Of(IPciFunction function, AccessPolicy policy)
    {
        CompiledFunction tried = FunctionPermissions.Compile(function, policy);
        ConfigSpaceMap usual = FunctionPermissions.Compile(function, AccessPolicy.Default).Map;
        List<PolicyOpening> opened = [];
        List<PolicyHazard> hazards = [.. OfKeys(policy)];
        for (int offset = 0; offset < tried.Map.Size; offset += 4)
        {
            uint bits = InHardware(tried.Map[offset / 4]) & ~InHardware(usual[offset / 4]);
            if (bits == 0)
            {
                continue;
            }

            foreach (RegisterRow row in tried.Map.RowsAt(offset, 4))
            {
                // The part of the register that lies in this dword, in lanes that begin with its first byte there.
                int from = Math.Max(row.Offset, offset);
                uint own = ByteLanes.FromDword(bits, from, Math.Min(row.Offset + row.Size, offset + 4) - from);
                if (own != 0)
                {
                    opened.Add(new(row.Name, from, own));
                    hazards.AddRange(OfRegister(row.Name, own, from == row.Offset));
                }
            }
        }

        function.TryRead(ConfigRegisters.RevisionId, 4, out uint revisionAndClass);
        if (revisionAndClass >> 8 == UhciClass && (InHardware(tried.Map[UhciLegacy / 4]) & HazardTable.UhciLegacy.Bits) is var legacy and not 0)
        {
            hazards.Add(new(HazardTable.UhciLegacy.Register, legacy, HazardTable.UhciLegacy.Words));
        }

        return new(opened, hazards, tried.PolicyProblems);
    }

    private static uint InHardware(in ConfigDword dword) => dword.Writable & ~dword.Virtual;

    private static IEnumerable<PolicyHazard> OfRegister(string name, uint bits, bool isBeginning) =>
        from line in HazardTable.Lines
        where line.Register == name && isBeginning && (bits & line.Bits) != 0
        select new PolicyHazard(name, bits & line.Bits, line.Words);

    private static IEnumerable<PolicyHazard> OfKeys(AccessPolicy policy)
    {
        if (policy.Profile.Value == PolicyProfile.Permissive)
        {
            yield return new("profile permissive", 0, "every register that nobody knows: it may do anything, to anybody (XSA-124, XSA-131)");
        }

        if (policy.AllowInterruptControl.Value)
        {
            yield return new("allow_interrupt_control", 0, "messages of the guest's choice at the guest's time; for a device model in a stub domain only");
        }

        if (policy.AllowPowerStates.Value)
        {
            yield return new(
                "allow_power_states", 0,
                "in D3hot an access to its memory, which the guest has mapped, is an Unsupported Request, fatal where firmware handles errors");
        }
    }
}

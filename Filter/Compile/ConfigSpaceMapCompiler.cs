using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Tables;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Compile;

/// <summary>
/// Compiles a function under a policy into its map and first values. Reads the header and the known capabilities, each dword
/// at most once; never writes. Whatever a broken or malicious function shows, the result is a map in which every
/// byte has one owner.
/// </summary>
internal static class ConfigSpaceMapCompiler
{
    /// <summary>Compiles.</summary>
    /// <param name="function">The function.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="readAll">Whether to read every register, unknown ones too, so that writes to them can be compared with what is there;
    /// for captures and emulations, where reading does nothing.</param>
    /// <param name="isLone">Whether no other function of its card is with it in the guest.</param>
    /// <returns>The map and the values. Not shared yet: see <see cref="ConfigSpaceMapCache"/>.</returns>
    /// <exception cref="UnsupportedFunctionException">The header is neither a device's nor a bridge's, or the function does not answer.</exception>
    public static CompiledFunction Compile(IPciFunction function, AccessPolicy policy, bool readAll = false, bool isLone = false)
    {
        var image = new ReadOnceConfigSpace(function);
        HeaderKind kind = ConfigHeader.KindOf(image);
        if (kind is not (HeaderKind.Device or HeaderKind.Bridge))
        {
            throw new UnsupportedFunctionException(function.Origin, (byte)kind);
        }

        MapSettings settings = SettingsOf(policy);
        bool isQemu = policy.Profile.Value == PolicyProfile.QemuXen;
        bool hasRom = policy.Rom.Value != RomControl.Off;
        BaseAddressAnswer[] answers = BaseAddressAnswer.ForAll(function.BaseAddresses, function.IsVirtualFunction, hasRom);
        CapabilityList list = CapabilityWalk.Read(image);
        var builder = new MapBuilder(function.Size);
        foreach (CapabilityListDefect defect in list.Defects)
        {
            builder.Problems.Add(defect.ToString());
        }

        bool isVpdAnothers = SharedVpd.IsAnothers(function, list);
        IReadOnlyList<PciCapability> hidden = HiddenCapabilities.Of(list, policy, isVpdAnothers, builder.PolicyProblems);
        var chain = new CapabilityChain(list, hidden);
        bool isPermissive = (settings & MapSettings.Permissive) != 0;
        bool hidesSiblings = isLone && policy.HideUnusable.Value && !isQemu && kind == HeaderKind.Device;
        PlaceAll(chain.AdjustHeader(ForProfile(CommonHeaderTable.Rows(function, settings, hidesSiblings), 0)), 0, ConfigRegisters.HeaderSize);
        PlaceAll(kind == HeaderKind.Bridge ? Type1HeaderTable.Rows(answers) : Type0HeaderTable.Rows(answers, hasRom), 0, ConfigRegisters.HeaderSize);

        var context = new CapabilityTables.CapabilityContext(
            image, settings, isPermissive || policy.AllowFunctionReset.Value, kind == HeaderKind.Bridge,
            CapabilityTables.IsRoot(list, image));
        var bodies = new List<(RegisterDefinition Row, int At, int Limit)>();
        foreach (PciCapability capability in list.Capabilities)
        {
            int at = capability.Offset;
            int limit = capability.IsExtended ? ConfigRegisters.ExtendedSize : ConfigRegisters.StandardSize;
            RegisterDefinition[] rows = ForProfile(CapabilityTables.Rows(capability, CapabilityHeaders.NameOf(capability), in context), at);
            if (chain.IsHidden(capability))
            {
                rows = CapabilityChain.Blank(
                    rows, isVpdAnothers && SharedVpd.Is(capability) ? SharedVpd.Note : UnusableTable.Why(capability) ?? CapabilityChain.ByPolicy);
            }
            else if (IsRepeated(list, capability))
            {
                rows = Array.ConvertAll(rows, Passive);
            }

            rows = chain.AdjustCapability(capability, rows);
            PlaceAll(Array.FindAll(rows, row => !row.YieldsToOthers), at, limit);
            foreach (RegisterDefinition row in rows)
            {
                if (row.YieldsToOthers)
                {
                    bodies.Add((row, at + row.Offset, limit));
                }
            }
        }

        foreach (PciCapability capability in LenientWalk.Beyond(list, image))
        {
            if (DeniedCapabilityTable.Rows(capability, CapabilityHeaders.NameOf(capability), image) is { } rows)
            {
                PlaceAll(rows, capability.Offset, ConfigRegisters.ExtendedSize);
            }
        }

        // A length that the function made up must not swallow the registers of another capability: these come last.
        foreach ((RegisterDefinition? row, int at, int limit) in bodies)
        {
            builder.Place(row, at, limit);
        }

        if (isQemu && function.Size > ConfigRegisters.StandardSize)
        {
            PlaceAll([CapabilityChain.NoExtendedSpace(function.Size)], ConfigRegisters.StandardSize, function.Size);
        }

        DenyBehindDefects(list, builder, function);

        if (isQemu && policy.AllowPowerStates.Value)
        {
            builder.PolicyProblems.Add("allow_power_states: the profile qemu-xen answers power states itself");
        }

        PolicyRules.Applied applied = PolicyRules.Apply(policy, builder, list, function.ReadableSize);
        int power = list.TryFind(CapabilityId.PowerManagement, out PciCapability own) ? own.Offset + PowerManagementRegisters.ControlStatus : -1;
        return Finish(function, builder, image, settings, policy, applied, answers, list, readAll) with
        {
            PowerControlOffset = power + 2 <= function.Size ? power : -1,
        };

        RegisterDefinition[] ForProfile(RegisterDefinition[] rows, int at)
            => isQemu ? Array.ConvertAll(rows, row => QemuXenTable.Adjust(row, at + row.Offset, image)) : rows;

        void PlaceAll(RegisterDefinition[] rows, int at, int limit)
        {
            foreach (RegisterDefinition row in rows)
            {
                builder.Place(row, at + row.Offset, limit);
            }
        }
    }

    // A guest needs no list to write to a register. Where the list is broken nobody knows what lies behind it, and no policy opens what may be anything.
    private static void DenyBehindDefects(CapabilityList list, MapBuilder builder, IPciFunction function)
    {
        if (IsBroken(isExtended: false))
        {
            builder.Fill(Unknown("Unlisted", ConfigRegisters.HeaderSize, ConfigRegisters.StandardSize, "PCI Local Bus 3.0 §6.7"));
        }

        if (IsBroken(isExtended: true))
        {
            builder.Fill(Unknown("Unlisted Extended", ConfigRegisters.StandardSize, ConfigRegisters.ExtendedSize, "PCI Express Base 3.0 §7.9"));
        }

        bool IsBroken(bool isExtended)
        {
            foreach (CapabilityListDefect defect in list.Defects)
            {
                // That it cannot be read to its end without privileges is no defect of the function's.
                if (defect.IsExtended == isExtended && (defect.Kind != CapabilityListDefectKind.Truncated || function.ReadableSize >= function.Size))
                {
                    return true;
                }
            }

            return false;
        }

        static RegisterDefinition Unknown(string name, int from, int to, string source) => new(name, from, to - from, WriteRule.HardDenied, source)
        {
            IsReadAtOnce = false,
            Note = "the list of capabilities is broken, so this may be any of them",
        };
    }

    private static MapSettings SettingsOf(AccessPolicy policy)
    {
        MapSettings settings = policy.Profile.Value switch
        {
            PolicyProfile.Permissive => MapSettings.Permissive,
            PolicyProfile.Strict => MapSettings.SayDenied,
            PolicyProfile.QemuXen => MapSettings.EmulatedLineInterrupt,
            _ => MapSettings.None,
        };
        if (policy.AllowInterruptControl.Value)
        {
            settings |= MapSettings.InterruptControl;
        }

        if (policy.AllowPowerStates.Value && policy.Profile.Value != PolicyProfile.QemuXen)
        {
            settings |= MapSettings.PowerStates;
        }

        // Who lets everything through lets this through, unless somebody says otherwise; QEMU's masks have their own answers.
        bool isUnsaid = policy.AnswerTuning.Origin.Source == SettingSource.BuiltIn;
        bool answers = policy.AnswerTuning.Value && !(isUnsaid && policy.Profile.Value == PolicyProfile.Permissive);
        return answers && policy.Profile.Value != PolicyProfile.QemuXen ? settings | MapSettings.AnsweredTuning : settings;
    }

    private static bool IsRepeated(CapabilityList list, PciCapability capability)
    {
        foreach (PciCapability other in list.Capabilities)
        {
            if (other.Id == capability.Id && other.IsExtended == capability.IsExtended)
            {
                return other.Offset != capability.Offset;
            }
        }

        return false;
    }

    // A function has one power state and one MSI control: a second register of that kind is a lie, and does nothing.
    private static RegisterDefinition Passive(RegisterDefinition row) => row.EffectMask == 0
        ? row
        : row with { Rule = WriteRule.HardDenied, EffectMask = 0, Writable = 0, Note = "a second capability of a kind that occurs once" };

    private static CompiledFunction Finish(
        IPciFunction function,
        MapBuilder builder,
        ReadOnceConfigSpace image,
        MapSettings settings,
        AccessPolicy policy,
        PolicyRules.Applied applied,
        BaseAddressAnswer[] answers,
        CapabilityList list,
        bool readAll)
    {
        var dwords = new ConfigDword[function.Size / 4];
        var initial = new InitialRegisters(function.Size, answers);
        for (int i = 0; i < dwords.Length; i++)
        {
            dwords[i] = builder.Dword(i, settings);
            // What the walk has read already is known, even beside bytes that are left alone.
            if (image.IsKnown(i) || ((readAll || builder.IsReadAtOnce(i)) && image.Fetch(i)))
            {
                initial.Set(i, image.Dword(i), All);
                initial.MarkSeen(i);
            }
            else
            {
                // Without a copy there is nothing to serve.
                dwords[i] = dwords[i] with { Shadow = 0 };
            }

            uint given = builder.GivenValue(i, out uint value);
            initial.Set(i, value, given & dwords[i].Virtual);
        }

        var map = new ConfigSpaceMap(dwords, RowTexts.Of(builder, dwords, policy, applied, list), settings);
        return new CompiledFunction(map, initial, [.. builder.Problems, .. builder.PolicyProblems])
        {
            Policy = policy,
            PolicyProblems = builder.PolicyProblems,
        };
    }
}

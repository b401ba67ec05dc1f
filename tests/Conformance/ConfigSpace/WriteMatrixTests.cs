using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// Every aligned write of every size over whole functions: each byte obeys its own register's rule, whatever else the write
/// covers, and no byte beside the write changes. Hardware is plain memory, so nothing but the filter protects anything.
/// </summary>
/// <remarks>
/// Origin: XSA-128 / CVE-2015-4103 (a write over several registers obeyed only the first one's rule), XSA-129 / CVE-2015-4104
/// (MSI masks), XSA-131 / CVE-2015-4106 (unknown registers open by default).
/// </remarks>
public sealed class WriteMatrixTests
{
    private static readonly uint[] Patterns = [0x00000000, 0xFFFFFFFF, 0xA5A5A5A5, 0x5A3C7E81];

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void Each_byte_of_a_write_obeys_its_own_register_on_a_function_with_every_capability(string policy)
    {
        var findings = new Findings();
        Sweep(findings, "every capability", EveryCapability.Bytes(), EveryCapability.BaseAddresses, policy, Patterns);
        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void Each_byte_of_a_write_obeys_its_own_register_on_every_captured_function(string policy)
    {
        var findings = new Findings();
        foreach ((string? name, byte[]? bytes, IPciFunction? function) in CapturedImages.Usable())
        {
            Sweep(findings, name, bytes, function.BaseAddresses, policy, Patterns.AsSpan(1, 2));
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void What_is_denied_in_every_policy_stays_as_it_is_even_when_rules_quirks_and_options_allow_everything(string policy)
    {
        var findings = new Findings();
        byte[] bytes = EveryCapability.Bytes();
        WriteRule[] rules = WriteRules.Of(new OracleImage(bytes));
        AccessPolicy open = Policies.Named(policy) with
        {
            AllowInterruptControl = new(true, SettingOrigin.BuiltIn),
            AllowFunctionReset = new(true, SettingOrigin.BuiltIn),
            AllowPowerStates = new(true, SettingOrigin.BuiltIn),
            Rules = [.. Enumerable.Range(0, 1024).Select(dword => new PolicyRule { Offset = 4 * dword, Size = 4 })],
            Quirks = [.. Enumerable.Range(0, 1024).Select(dword => new QuirkField(4 * dword, 4, 0xFFFFFFFF, SettingOrigin.BuiltIn))],
        };
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, open);
        foreach (uint pattern in Patterns)
        {
            foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
            {
                for (int offset = 0; offset < bytes.Length; offset += size)
                {
                    guest.Write(offset, size, pattern);
                }
            }

            for (int at = 0; at < bytes.Length; at++)
            {
                byte now = hardware.Bytes[at];
                findings.Check(rules[at] != WriteRule.HardDenied || now == bytes[at], () => $"{policy}: {at:x} became {now:x2} from {bytes[at]:x2}");
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Hardware_is_written_only_in_the_lanes_that_the_guest_wrote_so_that_no_neighbour_is_cleared_by_being_written_back(string policy)
    {
        // A read-modify-write of a whole dword writes ones back over bits that ones clear (Status, Device Status, AER).
        var findings = new Findings();
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, Policies.Named(policy) with
        {
            AllowInterruptControl = new(true, SettingOrigin.BuiltIn),
            Rules = [.. Enumerable.Range(0, 1024).Select(dword => new PolicyRule { Offset = 4 * dword, Size = 4, Mask = 0x5AA5C33C })],
        });
        byte[] before = hardware.Bytes.ToArray();
        foreach (int size in (int[])[1, 2, 4])
        {
            for (int offset = 0; offset < before.Length; offset += size)
            {
                foreach (uint pattern in Patterns)
                {
                    hardware.WriteLog.Clear();
                    guest.Write(offset, size, pattern);
                    foreach ((int at, int length, uint value) in hardware.WriteLog)
                    {
                        // Fields whose rule concerns the whole word: Command, PMCSR, VPD address, MSI and MSI-X control; MWI needs a cache line size.
                        bool isField = length == 2
                            && at is 0x04 or EveryCapability.Power + 4 or EveryCapability.Vpd + 2 or EveryCapability.Msi + 2 or EveryCapability.Msix + 2;
                        findings.Check(
                            isField || at == 0x0C || (at >= offset && at + length <= offset + size),
                            () => $"{policy}: write {offset:x}/{size} {pattern:x8} became {at:x}/{length} {value:x}");
                    }

                    hardware.Restore(before);
                }
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Bus_numbers_and_windows_of_a_bridge_are_written_in_no_policy_and_by_no_rule(string policy)
    {
        var findings = new Findings();
        byte[] bytes = new SpaceBytes(256, 1).Put(0x18, 4, 0x00020100).Put(0x1C, 2, 0x2111).Put(0x20, 4, 0xFE10FE00)
            .Put(0x24, 4, 0xC0F1C001).Put(0x28, 4, 0x1).Put(0x2C, 4, 0x1).Put(0x30, 4, 0x00010001).Bytes;
        WriteRule[] rules = WriteRules.Of(new OracleImage(bytes));
        var hardware = new PlainMemoryFunction(bytes, new BaseAddress[7], default);
        using var guest = new OneGuest(hardware, Policies.Named(policy) with
        {
            Rules = [.. Enumerable.Range(4, 12).Select(dword => new PolicyRule { Offset = 4 * dword, Size = 4 })],
        });
        foreach (uint pattern in Patterns)
        {
            foreach (int size in (ReadOnlySpan<int>)[4, 2, 1])
            {
                for (int offset = 0; offset < 0x40; offset += size)
                {
                    guest.Write(offset, size, pattern);
                }
            }

            for (int at = 0; at < 0x40; at++)
            {
                findings.Check(
                    rules[at] is not (WriteRule.HardDenied or WriteRule.Ignored) || hardware.Bytes[at] == bytes[at],
                    () => $"{policy}: {at:x} became {hardware.Bytes[at]:x2} from {bytes[at]:x2}");
            }
        }

        findings.AssertNone();
    }

    private static void Sweep(
        Findings findings, string name, byte[] bytes, IReadOnlyList<BaseAddress> baseAddresses, string policy, ReadOnlySpan<uint> patterns)
    {
        WriteRule[] rules = WriteRules.Of(new OracleImage(bytes));
        var hardware = new PlainMemoryFunction(bytes, baseAddresses, default);
        using var guest = new OneGuest(hardware, Policies.Named(policy));

        // Taking over may change a bit (PME_En); what counts is what each write does.
        byte[] before = hardware.Bytes.ToArray();
        foreach (int size in (int[])[1, 2, 4])
        {
            for (int offset = 0; offset < bytes.Length; offset += size)
            {
                foreach (uint pattern in patterns)
                {
                    int touches = hardware.Touches;
                    PciOpStatus status = guest.Write(offset, size, pattern);
                    CheckStatus(findings, name, policy, rules, before, offset, size, pattern, status);
                    if (hardware.Touches == touches)
                    {
                        CheckBytes(findings, name, policy, rules, before, hardware, offset, size, pattern, offset, offset + size);
                    }
                    else
                    {
                        CheckBytes(findings, name, policy, rules, before, hardware, offset, size, pattern, 0, bytes.Length);
                        hardware.Restore(before);
                    }

                    // The guest's own state (virtual command, sizing) must not colour the next check.
                    if (offset < 0x40)
                    {
                        guest.Function.Release();
                    }
                }
            }
        }
    }

    private static void CheckBytes(
        Findings findings,
        string name,
        string policy,
        WriteRule[] rules,
        byte[] before,
        PlainMemoryFunction hardware,
        int offset,
        int size,
        uint pattern,
        int from,
        int to)
    {
        for (int at = from; at < to; at++)
        {
            byte now = hardware.Bytes[at];
            bool isInside = at >= offset && at < offset + size;
            byte written = isInside ? (byte)(pattern >> (8 * (at - offset))) : (byte)0;

            // Command may program the cache line size and switch decoding on; both lie beside a write of its other bytes.
            if (!isInside && (now == before[at] || (at is 0x04 or 0x05 or 0x0C && offset + size > 4 && offset < 6)))
            {
                continue;
            }

            if (isInside && Holds(rules[at], policy, before[at], written, now, offset, size, at))
            {
                findings.Checked();
            }
            else
            {
                string rule = isInside ? rules[at].ToString() : "beside the write";
                findings.Add(
                    $"{name}, {policy}: write {offset:x}/{size} {pattern:x8}: byte {at:x} became {now:x2} from {before[at]:x2} ({rule})");
            }
        }
    }

    private static bool Holds(WriteRule rule, string policy, byte before, byte written, byte now, int offset, int size, int at) => rule switch
    {
        WriteRule.Ignored or WriteRule.HardDenied => now == before,
        WriteRule.Through => now == written,
        WriteRule.Own => true,
        WriteRule.Open when policy == "permissive" => true,

        // Status beside Command: CommandRegisterTests.
        WriteRule.Unknown when policy == "permissive" && at is 0x06 or 0x07 && size == 4 && offset == 4 => true,
        WriteRule.Unknown when policy == "permissive" => now == written,
        _ => now == before,
    };

    private static void CheckStatus(
        Findings findings, string name, string policy, WriteRule[] rules, byte[] before, int offset, int size, uint pattern, PciOpStatus status)
    {
        Span<WriteRule> inside = rules.AsSpan(offset, size);
        if (inside.Contains(WriteRule.Own))
        {
            return;
        }

        PciOpStatus expected = PciOpStatus.Success;
        if (policy == "strict" && inside.ContainsAnyExcept(WriteRule.Ignored, WriteRule.Through))
        {
            // Strict refuses aloud what it drops. A write that would change nothing, or meets a register that is known, may go either way.
            if (inside.ContainsAnyExcept(WriteRule.Unknown) || !Changes(before, offset, size, pattern))
            {
                return;
            }

            expected = PciOpStatus.AccessDenied;
        }

        if (status == expected)
        {
            findings.Checked();
        }
        else
        {
            findings.Add($"{name}, {policy}: write {offset:x}/{size} {pattern:x8} over {before[offset]:x2} answered {status}, not {expected}");
        }
    }

    private static bool Changes(byte[] before, int offset, int size, uint pattern)
    {
        for (int lane = 0; lane < size; lane++)
        {
            if (before[offset + lane] != (byte)(pattern >> (8 * lane)))
            {
                return true;
            }
        }

        return false;
    }
}

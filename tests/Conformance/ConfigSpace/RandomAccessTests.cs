using PciBackFlow.Filter;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// Every capture under every policy and a seeded row of accesses, sensible and not: a code of the protocol, never an
/// exception, and hardware keeps what it must.
/// </summary>
public sealed class RandomAccessTests
{
    private const int Accesses = 400;

    public static TheoryData<string, int> Seeds => [.. Policies.Names.SelectMany(policy => new[] { (policy, 1), (policy, 2) })];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Accesses_at_random_are_answered_by_one_of_six_codes_and_change_only_what_may_change(string policy, int seed)
    {
        var findings = new Findings();
        foreach ((string? name, byte[]? bytes, Pci.IPciFunction? function) in CapturedImages.Usable())
        {
            var random = new Random(seed);
            var image = new OracleImage(bytes);
            WriteRule[] rules = WriteRules.Of(image);
            var hardware = new PlainMemoryFunction(bytes, function.BaseAddresses, default);
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            for (int i = 0; i < Accesses; i++)
            {
                (int offset, int size, uint value) = Next(random, bytes.Length);
                PciOpStatus status = random.Next(3) == 0 ? guest.Read(offset, size).Status : guest.Write(offset, size, value);
                findings.Check(IsCode(status), () => $"{name}, {policy}, {i}: {offset:x}/{size}: {(int)status}");
            }

            for (int at = 0; at < bytes.Length; at++)
            {
                byte changed = (byte)(bytes[at] ^ hardware.Bytes[at]);
                byte allowed = Allowed(image, rules[at], policy, at);
                findings.Check(
                    (changed & ~allowed) == 0,
                    () => $"{name}, {policy}, seed {seed}: {at:x} changed in {changed:x2}, allowed {allowed:x2} ({rules[at]})");
            }
        }

        findings.AssertNone();
    }

    /// <summary>Explanations, and who takes the filter without a page, rest on that.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_filtered_function_without_page_and_stages_answers_as_they_do(string policy, int seed)
    {
        var findings = new Findings();
        foreach ((string? name, CapturedConfig? config) in CapturedImages.All())
        {
            if ((config.Bytes.Span[0x0E] & 0x7F) > 1)
            {
                continue;
            }

            var random = new Random(seed);
            using var served = new CapturedFunction(name, config);
            using var alone = new CapturedFunction(name, config);
            AccessPolicy allowed = Policies.Named(policy) with { AllowFunctionReset = new(true, SettingOrigin.BuiltIn) };
            using var guest = new OneGuest(served, FunctionPermissions.Compile(served, allowed));
            FilteredFunction filtered = new(alone, allowed);
            findings.Check(filtered.TryPrepare(), () => $"{name}, {policy}: not prepared");
            for (int i = 0; i < Accesses; i++)
            {
                (int offset, int size, uint value) = Next(random, config.SpaceSize);
                if (random.Next(2) == 0)
                {
                    (PciOpStatus status, uint read) = guest.Read(offset, size);
                    AccessStatus own = filtered.Read(offset, size, out uint ownRead);
                    findings.Check(
                        (Name(status), read) == (Name(own), ownRead), () => $"{name}, {policy}, {i}: {offset:x}/{size}: {status} {read:x}, {own} {ownRead:x}");
                }
                else
                {
                    PciOpStatus status = guest.Write(offset, size, value);
                    AccessStatus own = filtered.Write(offset, size, value);
                    findings.Check(Name(status) == Name(own), () => $"{name}, {policy}, {i}: {offset:x}/{size}={value:x}: {status}, {own}");
                }
            }

            findings.Check(served.Snapshot().AsSpan().SequenceEqual(alone.Snapshot()), () => $"{name}, {policy}: the functions are not the same any more");
        }

        findings.AssertNone();

        static string Name<T>(T status)
            where T : struct, Enum => status.ToString();
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Functions_that_behave_and_then_misbehave_are_answered_by_one_of_six_codes_too(string policy, int seed)
    {
        foreach ((string? name, CapturedConfig? config) in CapturedImages.All())
        {
            if ((config.Bytes.Span[0x0E] & 0x7F) > 1)
            {
                continue;
            }

            var random = new Random(seed);
            using var hardware = new CapturedFunction(name, config);
            using var guest = new OneGuest(hardware, Policies.Named(policy) with
            {
                AllowFunctionReset = new(true, SettingOrigin.BuiltIn),
                AllowInterruptControl = new(true, SettingOrigin.BuiltIn),
                AllowPowerStates = new(seed % 2 == 0, SettingOrigin.BuiltIn),
            });
            for (int i = 0; i < Accesses; i++)
            {
                if (i % 50 == 49)
                {
                    hardware.Faults.Inject(
                        random.Next(4) switch { 0 => FaultKind.Fails, 1 => FaultKind.AllOnes, 2 => FaultKind.Vanished, _ => FaultKind.None });
                }

                (int offset, int size, uint value) = Next(random, hardware.Size);
                PciOpStatus status = random.Next(3) == 0 ? guest.Read(offset, size).Status : guest.Write(offset, size, value);
                Assert.True(IsCode(status), $"{name}, {policy}, {i}: {offset:x}/{size}: {(int)status}");
            }
        }
    }

    private static bool IsCode(PciOpStatus status) => status is <= PciOpStatus.Success and >= PciOpStatus.OperationFailed;

    private static (int Offset, int Size, uint Value) Next(Random random, int length) => random.Next(10) switch
    {
        0 => (random.Next(-8, length + 8), random.Next(-4, 9), (uint)random.NextInt64()),
        1 => (unchecked((int)(uint)random.NextInt64()), 1 << random.Next(3), 0),
        var kind => Aligned(random, Math.Min(length, kind < 6 ? 0x100 : length)),
    };

    private static (int Offset, int Size, uint Value) Aligned(Random random, int length)
    {
        int size = 1 << random.Next(3);
        return (random.Next(length) & -size, size, random.Next(4) == 0 ? 0xFFFFFFFF : (uint)random.NextInt64());
    }

    private static byte Allowed(OracleImage image, WriteRule rule, string policy, int at) => rule switch
    {
        WriteRule.Ignored or WriteRule.HardDenied => 0,
        WriteRule.Through => 0xFF,
        _ when policy == "permissive" => 0xFF,
        WriteRule.Own when policy == "qemu-xen" => 0xFF,
        WriteRule.Own => DefaultPolicyOracle.ChangeableBits(image, at),

        // QEMU passes the error bits of Status and the bits of its own tables: QemuXenPolicyTests.
        _ when policy == "qemu-xen" && (at < 0x40 || rule == WriteRule.Open || IsInCapability(image, at)) => 0xFF,
        _ => 0,
    };

    private static bool IsInCapability(OracleImage image, int at) => image.Standard.Any(capability => at >= capability.Offset && at < capability.Offset + 0x3C);
}

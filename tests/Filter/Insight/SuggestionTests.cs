using System.Text;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Filter.Tests.Insight;

/// <summary>
/// The property behind <c>explain</c>'s suggestion and <c>learn</c>: written into a policy file and fed back, it opens exactly the
/// bits that were denied and can be opened, and changes no other dword.
/// </summary>
public sealed class SuggestionTests
{
    private const string Captures = "PCIBACKFLOW_CAPTURES";
    private const int WritesPerFunction = 12;

    public static TheoryData<string> Builtins => [.. BuiltinCaptures.Names];

    [Theory]
    [MemberData(nameof(Builtins))]
    public void Fed_back_it_opens_exactly_what_was_denied_in_every_builtin_capture(string name)
    {
        Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
        int denied = 0;
        foreach (CapturedConfig config in capture.Functions)
        {
            denied += Check(name, config, 60);
        }

        Assert.InRange(denied, 10, int.MaxValue);
    }

    [Fact]
    public void Fed_back_it_opens_exactly_what_was_denied_in_every_capture_at_hand()
    {
        string? folder = Environment.GetEnvironmentVariable(Captures);
        if (string.IsNullOrEmpty(folder))
        {
            Assert.Skip($"needs {Captures}");
        }

        int functions = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (file.EndsWith(".md", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (CapturedConfig config in Capture.Load(file).Functions)
            {
                // CardBus bridges are refused, and a function that answered nothing has no registers.
                if (ConfigHeader.KindOf(new CapturedFunction(file, config)) is not (HeaderKind.Device or HeaderKind.Bridge))
                {
                    continue;
                }

                Check($"{Path.GetFileName(file)} {config.Address}", config, WritesPerFunction);
                functions++;
            }
        }

        Assert.InRange(functions, 1, int.MaxValue);
    }

    [Fact]
    public void Denied_writes_where_no_register_has_a_name_become_one_rule_for_each_dword()
    {
        PolicyRule[] rules =
        [
            new() { Offset = 0x801, Size = 1, Mask = 0x01 },
            new() { Offset = 0x810, Size = 4, Mask = 0x80000000 },
            new() { Offset = 0x800, Size = 1, Mask = 0x80 },
            new() { Offset = 0x806, Size = 2, Mask = 0x4000 },
            new() { Offset = 0x804, Size = 1, Mask = 0x02 },
        ];

        Assert.Equal(
            [(0x800, 2, 0x0180u), (0x810, 4, 0x80000000u), (0x804, 4, 0x40000002u)],
            PolicySuggestion.Merge(rules).Select(rule => (rule.Offset, rule.Size, rule.Mask)));
    }

    private static int Check(string name, CapturedConfig config, int writes)
    {
        Random random = new(config.Bytes.Length ^ 0x5EED);
        ConfigSpaceMap before = Compile(AccessPolicy.Default);
        int seen = 0;
        for (int i = 0; i < writes; i++)
        {
            // Dwords straddle two registers more often than not. Half of the writes aim at the capabilities, which lie low.
            int size = 1 << random.Next(3);
            int offset = random.Next((i & 1) == 0 ? Math.Min(256, before.Size) : before.Size) & -size;
            ConfigAccess access = new(offset, size, (uint)random.NextInt64(1L << (8 * size)));
            ExplainedAccess explained = Explain.Run(new CapturedFunction(name, config), AccessPolicy.Default, [access])[0];
            ref readonly ConfigDword dword = ref before[offset >> 2];
            uint expected = (explained.DeniedBits << (8 * (offset & 3))) & dword.ByPolicy & ~dword.Denied & ~dword.EffectMask;
            string what = $"{name}: write {access}, denied {explained.DeniedBits:x}";

            Assert.True(explained.Suggestion is null == (expected == 0), what);
            var learned = Learn.From(() => new CapturedFunction(name, config), AccessPolicy.Default, [access]);
            Assert.True(learned.Added.Count == 0 == (expected == 0), what);
            if (expected == 0)
            {
                continue;
            }

            seen++;
            AccessPolicy[] policies =
            [
                Parse(PolicyFileWriter.Write(AccessPolicy.Default with { Rules = [explained.Suggestion!] })),
                Parse(PolicyFileWriter.Write(learned.Policy)),
            ];
            foreach (AccessPolicy policy in policies)
            {
                ConfigSpaceMap after = Compile(policy);
                for (int at = 0; at < before.Size / 4; at++)
                {
                    uint opened = after[at].Writable & ~before[at].Writable;
                    Assert.True(opened == (at == offset >> 2 ? expected : 0), $"{what}: opened {opened:x} of dword {at * 4:x}, expected {expected:x}");
                    Assert.True((before[at].Writable & ~after[at].Writable) == 0, $"{what}: shut something at {at * 4:x}");
                }

                uint still = Explain.Run(new CapturedFunction(name, config), policy, [access])[0].DeniedBits;
                Assert.True(still << (8 * (offset & 3)) == ((explained.DeniedBits << (8 * (offset & 3))) & ~expected), $"{what}: still denied {still:x}");
            }
        }

        return seen;

        ConfigSpaceMap Compile(AccessPolicy policy) => ConfigSpaceMapCompiler.Compile(new CapturedFunction(name, config), policy, readAll: true).Map;
    }

    private static AccessPolicy Parse(string json) => PolicyFile.Parse(Encoding.UTF8.GetBytes(json), "learned.json").ApplyTo(AccessPolicy.Default);
}

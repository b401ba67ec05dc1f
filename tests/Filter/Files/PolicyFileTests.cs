using System.Text;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Filter.Tests.Files;

public sealed class PolicyFileTests
{
    [Theory]
    [InlineData("{\"profile\":\"str?ict\"}")]
    [InlineData("{\"pro?file\":\"strict\"}")]
    [InlineData("{\"rules\":[{\"register\":\"COMM?AND\"}]}")]
    public void A_file_in_another_encoding_is_refused(string text)
    {
        // A byte that no UTF-8 text has, as an editor with a code page of its own writes it.
        byte[] bytes = Array.ConvertAll(Encoding.ASCII.GetBytes(text), static value => value == '?' ? (byte)0xE4 : value);

        PolicyFileException refusal = Assert.Throws<PolicyFileException>(() => PolicyFile.Parse(bytes, "test.json"));

        Assert.Equal("test.json: not UTF-8", refusal.Message);
    }

    [Fact]
    public void A_policy_object_sets_profile_options_and_rules_and_remembers_where_they_came_from()
    {
        AccessPolicy policy = Parse("""
            {
              // a wireless card whose driver raises the read request size
              "profile": "strict",
              "allow_interrupt_control": true,
              "allow_function_reset": true,
              "allow_power_states": true,
              "on_error": "pause",
              "hide": ["CAP_VPD", "ECAP_LTR"],
              "rules": [
                { "register": "PCIe Device Control", "mask": "0x7000", "allow": true, "reason": "MRRS" },
                { "register": "CAP_EXP", "offset": 16, "size": 2, "mask": 3, "allow": true },
                { "offset": "0x40", "size": 4, "allow": false },
              ]
            }
            """);

        Assert.Equal(PolicyProfile.Strict, policy.Profile.Value);
        Assert.Equal(SettingSource.PolicyFile, policy.Profile.Origin.Source);
        Assert.True(policy.AllowInterruptControl.Value);
        Assert.True(policy.AllowFunctionReset.Value);
        Assert.Equal("policy file test.json", policy.AllowPowerStates.Origin.ToString());
        Assert.True(policy.AllowPowerStates.Value);
        Assert.Equal(ErrorRemedy.Pause, policy.OnError.Value);
        Assert.Equal(["CAP_VPD", "ECAP_LTR"], policy.HiddenCapabilities);
        Assert.Equal(3, policy.Rules.Count);
        Assert.Equal(0x7000u, policy.Rules[0].Mask);
        Assert.Equal("MRRS", policy.Rules[0].Reason);
        Assert.Equal((16, 2, 3u), (policy.Rules[1].Offset, policy.Rules[1].Size, policy.Rules[1].Mask));
        Assert.Equal(
            (null, 0x40, 4, uint.MaxValue, false),
            (policy.Rules[2].Register, policy.Rules[2].Offset, policy.Rules[2].Size, policy.Rules[2].Mask, policy.Rules[2].Allow));
        Assert.Equal("policy file test.json rules[2]", policy.Rules[2].Origin.ToString());
    }

    [Theory]
    [InlineData("""{"register":"PCIe Device Control","offset":0,"size":2,"mask":224,"allow":true,"reason":"explain"}""")]
    [InlineData("""[{"register":"PCIe Device Control","offset":0,"size":2,"mask":224,"allow":true,"reason":"explain"}]""")]
    [InlineData("""{"rules":[{"register":"PCIe Device Control","offset":0,"size":2,"mask":224,"allow":true,"reason":"explain"}]}""")]
    public void A_suggested_rule_is_a_policy_file_alone_in_an_array_or_in_an_object(string text)
    {
        PolicyRule rule = Assert.Single(Parse(text).Rules);

        Assert.Equal(("PCIe Device Control", 0, 2, 224u, true), (rule.Register, rule.Offset, rule.Size, rule.Mask, rule.Allow));
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("{\n\"profile\": }", "line 2")]
    [InlineData("7", "an object is expected")]
    [InlineData("""{"profil":"strict"}""", "profil: unknown key")]
    [InlineData("""{"profile":"lenient"}""", "unknown profile 'lenient'; known are default, permissive, strict, qemu-xen")]
    [InlineData("""{"profile":1}""", "profile: a string is expected")]
    [InlineData("""{"profile":"strict","profile":"default"}""", "profile: the key stands twice")]
    [InlineData("""{"allow_function_reset":"yes"}""", "allow_function_reset: true or false is expected")]
    [InlineData("""{"rom":"vga.rom"}""", "rom: 'vga.rom' is neither host nor off; a file cannot be put in the place")]
    [InlineData("""{"rom":true}""", "rom: a string is expected")]
    [InlineData("""{"hide_unusable":"no"}""", "hide_unusable: true or false is expected")]
    [InlineData("""{"answer_tuning":0}""", "answer_tuning: true or false is expected")]
    [InlineData("""{"allow_power_states":3}""", "allow_power_states: true or false is expected")]
    [InlineData("""{"on_error":"reboot"}""", "on_error: unknown remedy 'reboot'; known are detach, log, pause, destroy")]
    [InlineData("""{"hide":["VPD"]}""", "hide[0]: 'VPD' is no capability")]
    [InlineData("""{"rules":{}}""", "rules: an array is expected")]
    [InlineData("""{"rules":[{"allow":true}]}""", "rules[0]: a rule names a register, an offset, or both")]
    [InlineData("""{"rules":[{"offset":64}]}""", "rules[0]: a rule that names no register needs a size")]
    [InlineData("""{"rules":[{"offset":4096,"size":4}]}""", "rules[0].offset: 4096 (0x1000) is above the limit")]
    [InlineData("""{"rules":[{"offset":64,"size":3}]}""", "rules[0].size: a size is 1, 2 or 4 bytes")]
    [InlineData("""{"rules":[{"offset":64,"size":1,"mask":256}]}""", "rules[0].mask: 256 (0x100) is above the limit")]
    [InlineData("""{"rules":[{"offset":64,"size":1,"mask":"ff"}]}""", "rules[0].mask: a number, or a string of hexadecimal digits with 0x")]
    [InlineData("""{"rules":[{"offset":-1,"size":1}]}""", "rules[0].offset: a number")]
    [InlineData("""{"profile":"\ud800"}""", "not Unicode")]
    [InlineData("""{"\ud800":1}""", "not Unicode")]
    [InlineData("""{"rules":[{"register":"\ud800"}]}""", "not Unicode")]
    [InlineData("""{"rules":[{"offset":"\ud800","size":1}]}""", "not Unicode")]
    public void A_wrong_file_is_refused_with_its_place_and_the_reason(string text, string expected)
    {
        PolicyFileException refusal = Assert.Throws<PolicyFileException>(() => Parse(text));

        Assert.StartsWith("test.json: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_refused_by_name()
    {
        PolicyFileException refusal = Assert.Throws<PolicyFileException>(() => PolicyFile.Load("no-such-policy.json"));

        Assert.StartsWith("no-such-policy.json: cannot be read", refusal.Message, StringComparison.Ordinal);
    }

    [Theory] // size, mask; as many digits as the rule has bytes
    [InlineData(0, 0x10u, "0x0010")]
    [InlineData(0, 0x7110u, "0x7110")]
    [InlineData(2, 0x000Fu, "0x000f")]
    [InlineData(4, 0x7110u, "0x00007110")]
    [InlineData(0, uint.MaxValue, "0xffffffff")]
    public void A_mask_is_written_in_hexadecimal_and_read_back(int size, uint mask, string written)
    {
        PolicyRule rule = new() { Register = "PCIe Device Control", Size = size, Mask = mask };

        string text = PolicyFileWriter.Write(AccessPolicy.Default with { Rules = [rule] });

        Assert.Contains($"\"mask\": \"{written}\"", text, StringComparison.Ordinal);
        Assert.Equal(mask, Assert.Single(Parse(text).Rules).Mask);
    }

    [Fact]
    public void What_is_written_is_read_back_the_same()
    {
        AccessPolicy policy = Parse(
            """
            {
              "profile": "permissive", "hide": ["CAP_PM"], "allow_function_reset": true, "allow_power_states": true,
              "hide_unusable": false, "answer_tuning": true, "rom": "off", "on_error": "log",
              "rules": [{"register":"Status","mask":63488,"allow":true}, {"offset":64,"size":1,"mask":15,"allow":false,"reason":"no"}]
            }
            """);

        AccessPolicy again = Parse(PolicyFileWriter.Write(policy));

        Assert.Equal(policy.Profile.Value, again.Profile.Value);
        Assert.Equal(policy.HiddenCapabilities, again.HiddenCapabilities);
        Assert.Equal(policy.AllowFunctionReset.Value, again.AllowFunctionReset.Value);
        Assert.True(again.AllowPowerStates.Value);
        Assert.Equal(ErrorRemedy.Log, again.OnError.Value);
        Assert.False(Parse("""{"allow_power_states":false}""").AllowPowerStates.Value);
        Assert.False(again.HideUnusable.Value);
        Assert.Equal(RomControl.Off, again.Rom.Value);
        Assert.Equal(RomControl.Host, Parse("""{"rom":"host"}""").Rom.Value);
        Assert.Equal((true, SettingSource.PolicyFile), (again.AnswerTuning.Value, again.AnswerTuning.Origin.Source));
        Assert.Equal(SettingSource.BuiltIn, Parse(PolicyFileWriter.Write(AccessPolicy.Default)).AnswerTuning.Origin.Source);
        Assert.Equal(policy.Rules.Select(Facts), again.Rules.Select(Facts));
    }

    private static (string?, int, int, uint, bool, string) Facts(PolicyRule rule) =>
        (rule.Register, rule.Offset, rule.Size, rule.Mask, rule.Allow, rule.Reason);

    private static AccessPolicy Parse(string text) => PolicyFile.Parse(Encoding.UTF8.GetBytes(text), "test.json").ApplyTo(AccessPolicy.Default);
}

using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Filter.Tests.Insight;

public sealed class ExplainTests
{
    [Fact]
    public void A_read_of_the_ids_needs_no_hardware_and_names_its_registers()
    {
        ExplainedAccess read = Assert.Single(Run("e1000e", "0"));
        Assert.Equal(("read", 0, 4, "success"), (read.Access, read.Offset, read.Size, read.Status));
        Assert.Equal(0x8086u, read.Value & 0xFFFF);
        Assert.Empty(read.Hardware);
        Assert.Equal([0, 2], read.Rows.Select(row => row.Offset));
        Assert.All(read.Rows, row => Assert.True(row.Register.Length > 0 && row.Rule.Length > 0 && row.Source.Length > 0));
        Assert.Null(read.Suggestion);
    }

    [Fact]
    public void Status_comes_from_hardware()
    {
        ExplainedAccess read = Assert.Single(Run("e1000e", "STATUS"));
        HardwareAccess access = Assert.Single(read.Hardware);
        Assert.Equal("read", access.Access);
    }

    /// <summary>XSA-120: the guest's decode bits are its own; hardware keeps decoding.</summary>
    [Fact]
    public void Commands_memory_bit_follows_the_guest_and_never_clears_hardware()
    {
        ExplainedAccess[] all = [.. Run("e1000e", "COMMAND", "COMMAND=2", "COMMAND", "COMMAND=0", "COMMAND")];
        Assert.Equal(2u, all[2].Value & 2);
        Assert.Equal(0u, all[4].Value & 2);
        Assert.All(
            all.SelectMany(access => access.Hardware).Where(access => access.Access == "write" && access.Offset == 4),
            write => Assert.Equal(2u, write.Value & 2));
    }

    /// <summary>The host's kernel writes the register for the guest; it is a write that reached hardware all the same.</summary>
    [Fact]
    public void A_change_of_the_power_state_shows_as_the_write_it_is()
    {
        AccessPolicy policy = AccessPolicy.Default with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) };
        ExplainedAccess[] all = [.. RunUnder(policy, "e1000e", "CAP_PM+4.w=3", "CAP_PM+4.w=3", "CAP_PM+4.w=1", "CAP_PM+4.w=0")];
        int[][] states = [.. all.Select(access => access.Hardware
            .Where(step => step.Access == "write" && step.Offset == access.Offset).Select(step => (int)(step.Value & 3)).ToArray())];
        Assert.Equal([3], states[0]);
        Assert.Empty(states[1]);
        Assert.Empty(states[2]);
        Assert.Equal([0], states[3]);
        Assert.Equal("access_denied", all[2].Status);
    }

    [Fact]
    public void A_power_state_that_is_only_answered_is_written_nowhere_and_the_rule_names_the_option_that_changes_that()
    {
        ExplainedAccess[] all = [.. Run("e1000e", "CAP_PM+4.w=3", "CAP_PM+4.w", "CAP_PM+4.w=1", "CAP_PM+4.w=0", "CAP_PM+4.w")];
        Assert.Equal((0x000Bu, 0x0008u), (all[1].Value & 0x000B, all[4].Value & 0x000B));
        Assert.DoesNotContain(all.SelectMany(static access => access.Hardware), static access => access.Access == "write");
        Assert.Equal(["success", "success", "access_denied", "success", "success"], all.Select(static access => access.Status));
        Assert.All(all, static access => Assert.Equal(0u, access.DeniedBits));
        Assert.Contains("allow_power_states", Assert.Single(all[0].Rows).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Accesses_see_what_the_ones_before_them_left()
    {
        ExplainedAccess[] all = [.. Run("e1000e", "BASE_ADDRESS_0", "BASE_ADDRESS_0=ffffffff", "BASE_ADDRESS_0", "BASE_ADDRESS_0=0", "BASE_ADDRESS_0")];
        Assert.NotEqual(all[0].Value, all[2].Value);
        Assert.Equal(all[0].Value, all[4].Value);
        Assert.Equal(0u, all[2].Value & 0xFF0);
    }

    [Theory]
    [InlineData("3.w")]
    [InlineData("1.l")]
    [InlineData("fffffffc")]
    [InlineData("1000")]
    [InlineData("7fffffff.b")]
    public void What_no_function_has_is_answered_invalid_offset(string text)
    {
        ExplainedAccess access = Assert.Single(Run("e1000e", text));
        Assert.Equal("invalid_offset", access.Status);
        Assert.Empty(access.Hardware);
        Assert.Equal(0u, access.Value);
    }

    [Fact]
    public void A_denied_write_names_its_register_and_the_rule_that_would_allow_it()
    {
        ExplainedAccess access = Run("e1000e", "CAP_EXP+8.w", "CAP_EXP+8.w=ffff")[1];
        Assert.Equal("success", access.Status);
        Assert.NotEqual(0u, access.DeniedBits);
        Assert.Contains(access.Rows, row => row.Register.Contains("Device Control", StringComparison.Ordinal));
        Assert.NotNull(access.Suggestion);
        Assert.True(access.Suggestion.Allow);
    }

    [Fact]
    public void Every_dword_of_every_builtin_capture_is_explained()
    {
        foreach (string name in BuiltinCaptures.Names)
        {
            Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
            foreach (CapturedFunction function in CapturedFunction.All(capture))
            {
                ConfigAccess[] accesses = [.. Enumerable.Range(0, function.ReadableSize / 4)
                    .SelectMany(i => new ConfigAccess[] { new(i * 4, 4, null), new(i * 4, 4, uint.MaxValue), new((i * 4) + 1, 1, 0x55) })];
                foreach (ExplainedAccess access in Explain.Run(function, AccessPolicy.Default, accesses))
                {
                    Assert.Contains(access.Status, new[] { "success", "access_denied", "op_failed" });
                    Assert.NotEmpty(access.Rows);
                    Assert.True(access.Suggestion is null || access.DeniedBits != 0);
                }
            }
        }
    }

    [Fact]
    public void The_rule_suggested_opens_exactly_what_was_denied()
    {
        ExplainedAccess denied = Run("e1000e", "CAP_EXP+8.w", "CAP_EXP+8.w=ffff")[1];
        Assert.NotNull(denied.Suggestion);
        AccessPolicy policy = AccessPolicy.Default with { Rules = [denied.Suggestion] };
        ExplainedAccess allowed = RunUnder(policy, "e1000e", "CAP_EXP+8.w", "CAP_EXP+8.w=ffff")[1];
        Assert.Null(allowed.Suggestion);
        Assert.Contains(allowed.Hardware, access => access.Access == "write");
    }

    private static IReadOnlyList<ExplainedAccess> Run(string builtin, params string[] texts) => RunUnder(AccessPolicy.Default, builtin, texts);

    private static IReadOnlyList<ExplainedAccess> RunUnder(AccessPolicy policy, string builtin, params string[] texts)
    {
        Assert.True(BuiltinCaptures.TryLoad(builtin, out Capture? capture));
        CapturedFunction function = CapturedFunction.All(capture)[0];
        CapabilityList capabilities = CapabilityWalk.Read(function);
        List<ConfigAccess> accesses = [];
        foreach (string text in texts)
        {
            Assert.True(AccessExpression.TryParse(text, out AccessExpression? expression, out AccessSyntaxError? error), error?.Message);
            Assert.True(expression.TryResolve(capabilities, out ConfigAccess access, out error), error?.Message);
            accesses.Add(access);
        }

        return Explain.Run(function, policy, accesses);
    }
}

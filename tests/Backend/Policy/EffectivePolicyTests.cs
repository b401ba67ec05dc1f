using System.Text;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Policy;

/// <summary>Where a setting comes from is kept from the file, the toolstack or the parameter to the snapshot.</summary>
public sealed class EffectivePolicyTests
{
    [Fact]
    public void Nobody_said_anything_and_every_setting_is_built_in()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);

        EffectivePolicy policy = Of(bench, 7, Bench.HostA);
        Assert.Equal(new(PolicyProfile.Default, SettingOrigin.BuiltIn), policy.Profile);
        Assert.Equal(new(false, SettingOrigin.BuiltIn), policy.AllowInterruptControl);
        Assert.Equal(new(false, SettingOrigin.BuiltIn), policy.AllowFunctionReset);
        Assert.Equal(new(false, SettingOrigin.BuiltIn), policy.AllowPowerStates);
        Assert.Equal((new(true, SettingOrigin.BuiltIn), new(true, SettingOrigin.BuiltIn)), (policy.HideUnusable, policy.AnswerTuning));
        Assert.Equal(new(RomControl.Host, SettingOrigin.BuiltIn), policy.Rom);
        Assert.Equal(new(ErrorRemedy.Detach, SettingOrigin.BuiltIn), policy.OnError);
        Assert.Empty(policy.Rules);
    }

    [Fact]
    public void The_toolstacks_permissive_is_honoured_for_its_device_alone()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Plug(bench, 1, Bench.HostB, "msitranslate=0,power_mgmt=0,permissive=1,rdm_policy=strict");
        Plug(bench, 2, Bench.HostC, "msitranslate=0,power_mgmt=0,permissive=0,rdm_policy=strict");

        Assert.Equal(PolicyProfile.Default, Of(bench, 7, Bench.HostA).Profile.Value);
        Assert.Equal(new(PolicyProfile.Permissive, new(SettingSource.ToolstackOptions, "opts-1")), Of(bench, 7, Bench.HostB).Profile);
        Assert.Equal(new(PolicyProfile.Default, SettingOrigin.BuiltIn), Of(bench, 7, Bench.HostC).Profile);
        Assert.Empty(bench.Lines.Warnings);

        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        frontend.Write(devfn: 0, 0x80, 4, 0x5A);
        frontend.Write(devfn: 8, 0x80, 4, 0x5A);
        Bench.Eventually(() => bench.Lines.Warnings.Any(), "the first device's warning");
        Assert.Contains("03:00.0", Assert.Single(bench.Lines.Warnings), StringComparison.Ordinal);
    }

    /// <summary>As xen-pciback's attribute does: the driver in the guest need not be loaded again.</summary>
    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void A_policy_that_changes_under_a_guest_holds_at_once_and_the_guest_keeps_its_state(PipelineTopology topology)
    {
        PcibackSettings settings = new();
        using Bench bench = new(topology: topology, options: standard => standard with
        {
            Policies = new() { Attributes = settings },
        });
        bench.Create(7, Bench.HostA, Bench.HostB);
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        frontend.Write(devfn: 0, 0x04, 2, 0x0142);
        frontend.Write(devfn: 0, 0x80, 4, 0x5A);
        Assert.Equal((PciOpStatus.Success, 0u), frontend.Read(0, 0x80, 4));
        uint command = frontend.Read(0, 0x04, 2).Value;

        settings.SetPermissive(Bench.HostA);

        Bench.Eventually(() => Of(bench, 7, Bench.HostA).Profile.Value == PolicyProfile.Permissive, "permissive");
        frontend.Write(devfn: 0, 0x80, 4, 0x5A);
        Assert.Equal((PciOpStatus.Success, 0x5Au), frontend.Read(0, 0x80, 4));
        Assert.Equal(command, frontend.Read(0, 0x04, 2).Value);
        Assert.Equal(PolicyProfile.Default, Of(bench, 7, Bench.HostB).Profile.Value);
        Assert.Equal(4, bench.State(7));
    }

    [Fact]
    public void A_policy_that_changes_while_the_function_answers_nonsense_holds_when_it_answers_again()
    {
        PcibackSettings settings = new();
        using Bench bench = new(options: standard => standard with
        {
            Policies = new() { Attributes = settings },
        });
        bench.Create(7, Bench.HostWaking);
        using SmallFrontend frontend = new(bench, 7);
        frontend.Publish();
        bench.AwaitState(7, 4);
        bench.Waking.SetHardware(ConfigRegisters.HeaderType, 1, 0xFF);
        long passes = bench.Backend.ReadPasses(GuestId.Of(7));
        settings.SetPermissive(Bench.HostWaking);

        // With the second one's begin the first one's end has been seen.
        Bench.Eventually(() => bench.Backend.ReadPasses(GuestId.Of(7)) >= passes + 2, "tried twice");
        Assert.Equal(PolicyProfile.Default, Of(bench, 7, Bench.HostWaking).Profile.Value);

        bench.Waking.SetHardware(ConfigRegisters.HeaderType, 1, 0);

        Bench.Eventually(() => Of(bench, 7, Bench.HostWaking).Profile.Value == PolicyProfile.Permissive, "permissive");
    }

    // Linux's flag outlives the guest and is the next guest's, too.
    [Fact]
    public void What_was_written_into_an_attribute_ends_when_the_guest_that_has_the_device_lets_go_of_it()
    {
        PcibackSettings settings = new();
        using Bench bench = new(options: standard => standard with { Policies = new() { Attributes = settings } });
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        settings.SetPermissive(Bench.HostA);

        // Who is refused the device ends nothing.
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Bench.Eventually(() => Of(bench, 7, Bench.HostA).Profile.Value == PolicyProfile.Permissive, "permissive");
        bench.Store.Remove(Bench.BackendPath(8));
        Bench.Eventually(() => bench.Snapshot(8) is null, "domain 8 gone");
        Assert.True(settings.IsPermissive(Bench.HostA));

        bench.Store.Remove(Bench.BackendPath(7));
        Bench.Eventually(() => bench.Snapshot(7) is null, "domain 7 gone");
        bench.Create(9, Bench.HostA);
        bench.AwaitState(9, 3);

        Assert.False(settings.IsPermissive(Bench.HostA));
        Assert.Equal(new(PolicyProfile.Default, SettingOrigin.BuiltIn), Of(bench, 9, Bench.HostA).Profile);
    }

    [Fact]
    public void Unknown_options_are_ignored_with_one_warning()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Plug(bench, 1, Bench.HostB, "shiny=1,permissive=1,permissive=maybe,\x1b[2J");

        Assert.Contains("opts-1: 'shiny=1' is not an option known here", Assert.Single(bench.Lines.Warnings), StringComparison.Ordinal);
        Assert.Equal(PolicyProfile.Permissive, Of(bench, 7, Bench.HostB).Profile.Value);
    }

    [Fact]
    public void Quirks_and_a_file_are_counted_by_origin_and_the_toolstack_is_above_the_files_profile()
    {
        PolicyStatement file = PolicyFile.Parse(
            """
            {
              "profile": "strict", "allow_function_reset": true, "allow_power_states": true, "hide": ["CAP_VPD"],
              "rules": [{"offset":128,"size":4}, {"offset":132,"size":2}]
            }
            """u8.ToArray(),
            "card.json");
        using Bench bench = new(options: options => options with
        {
            Policies = new() { General = file, Quirks = new(["03:00.0-80:4:ffff", "0000:03:00.0-90:1:0f", "04:00.0-84:2:00ff"]) },
        });
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Plug(bench, 1, Bench.HostB, "permissive=1");

        SettingOrigin fromFile = new(SettingSource.PolicyFile, "card.json");
        EffectivePolicy first = Of(bench, 7, Bench.HostA);
        Assert.Equal(new(PolicyProfile.Strict, fromFile), first.Profile);
        Assert.Equal(new(true, fromFile), first.AllowFunctionReset);
        Assert.Equal(new(true, fromFile), first.AllowPowerStates);
        Assert.Equal(
            [
                new(1, new(SettingSource.DriverParameter, "quirks=03:00.0-80:4:ffff")),
                new(1, new(SettingSource.DriverParameter, "quirks=0000:03:00.0-90:1:0f")),
                new(2, fromFile),
            ],
            first.Rules);
        Assert.Equal(4, first.RuleCount);
        Assert.Equal(["CAP_VPD"], first.HiddenCapabilities);
        EffectivePolicy second = Of(bench, 7, Bench.HostB);
        Assert.Equal(new(PolicyProfile.Permissive, new(SettingSource.ToolstackOptions, "opts-1")), second.Profile);
        Assert.Equal(3, second.RuleCount);
    }

    [Fact]
    public void A_wrong_quirk_is_refused_before_anything_starts_and_quoted()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => new QuirkParameter(["03:00.0-80:3:ff"]));
        Assert.Contains("'03:00.0-80:3:ff'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("1, 2 or 4", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("", null, null)]
    [InlineData("permissive=1", true, null)]
    [InlineData(" permissive=1 , msitranslate=1", true, null)]
    [InlineData("permissive=0", false, null)]
    [InlineData("permissive", false, "'permissive'")]
    [InlineData("permissive=2", false, "'permissive=2'")]
    [InlineData("Permissive=1", false, "'Permissive=1'")]
    [InlineData(",,,", false, null)]
    [InlineData("a\u0007b=1", false, "'a.b=1'")]
    public void Options_are_read_as_libxl_writes_them(string? text, bool? permissive, string? complaint)
    {
        var options = ToolstackOptions.Parse("opts-3", text);
        Assert.Equal(permissive, options?.IsPermissive);
        if (complaint is null)
        {
            Assert.Null(options?.Complaint);
        }
        else
        {
            Assert.Contains(complaint, options?.Complaint, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_text_too_long_is_not_looked_at()
    {
        ToolstackOptions options = ToolstackOptions.Parse("opts-0", "permissive=1," + new string('x', ToolstackOptions.MaxLength))!;
        Assert.False(options.IsPermissive);
        Assert.Contains("longer than 256", options.Complaint, StringComparison.Ordinal);
        Assert.True(options.Complaint!.Length < 100);
    }

    private static EffectivePolicy Of(Bench bench, int domain, PciAddress host)
    {
        Bench.Eventually(() => bench.Snapshot(domain)?.Functions.Any(function => function.Host == host) == true, $"{host} in the snapshot");
        return bench.Snapshot(domain)!.Functions.Single(function => function.Host == host).Policy;
    }

    private static void Plug(Bench bench, int number, PciAddress device, string options)
    {
        bench.Commit(store =>
        {
            Bench.WriteDevice(store, 7, number, device);
            store.Write($"{Bench.BackendPath(7)}/opts-{number}", options);
        });
        Bench.Eventually(() => bench.Read(7, $"state-{number}") == "3", $"device {number}");
    }
}

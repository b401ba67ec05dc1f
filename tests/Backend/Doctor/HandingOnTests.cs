using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Doctor;

/// <summary>What the daemon says of a held device before an attach is what the attach says.</summary>
public sealed class HandingOnTests
{
    // For each code the bench's state, and the device that domain 8 is to get.
    private static readonly Dictionary<string, (LoopbackPlatform? Platform, PciAddress Device, Func<ToolstackBench, Task> Make)> Cases = new()
    {
        ["former-guest"] = (null, Nic, static async bench =>
        {
            await bench.GuestWith(7, "03:00.0");
            await bench.Detach(7, "03:00.0");
        }),
        ["shared-line"] = (null, Sound, static bench => bench.GuestWith(7, "03:00.0")),
        ["attached"] = (null, Nic, static bench => bench.GuestWith(7, "03:00.0")),
        ["shared-page"] = (null, Disk0, static async bench =>
        {
            bench.Custody.Resize(Disk0, new BaseAddress(0xFEB2_0800, 0x2000, 0));
            await bench.GuestWith(7, "04:00.0");
        }),
        ["no-iommu"] = (new() { HasIommu = false }, Nic, static _ => Task.CompletedTask),
        ["unusable"] = (null, Nic, static bench =>
        {
            bench.Custody.Unready[Nic] = "does not answer";
            return Task.CompletedTask;
        }),
    };

    public static TheoryData<string> Codes => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task It_says_what_the_attach_would_say(string code)
    {
        await using ToolstackBench bench = new(Cases[code].Platform);
        await Cases[code].Make(bench);
        bench.Guest(8);
        PciAddress device = Cases[code].Device;
        string before = bench.Shown(8);

        Assignability found = bench.Toolstack.Assess(device);

        DeviceRefusal refusal = Assert.Single(found.Refusals, refusal => refusal.Code == code);
        Assert.True(refusal.Weight > RefusalWeight.Warning);
        Assert.Equal(before, bench.Shown(8));
        BackendException failure = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(8, device.ToString()));
        Assert.Contains(refusal.Text, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Against_a_device_that_an_attach_gets_nothing_is_said()
    {
        await using ToolstackBench bench = new();
        bench.Guest(8);

        Assert.Empty(bench.Toolstack.Assess(Nic).Refusals);
        await bench.Attach(8, "03:00.0");
    }
}

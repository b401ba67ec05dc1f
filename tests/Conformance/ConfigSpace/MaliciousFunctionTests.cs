using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// Functions whose capability lists lie: looping, overlapping, cut off, out of range. The walk ends, nothing
/// throws, and what is protected stays so.
/// </summary>
/// <remarks>Origin: PCI Local Bus 3.0 §6.7 (pointers, reserved low bits); pciutils' dump <c>broken-ecaps</c>;
/// microsoft/openvmm's capability walk tests.</remarks>
public sealed class MaliciousFunctionTests
{
    private static readonly (string Name, Func<byte[]> Bytes)[] Images =
    [
        ("points to itself", () => Standard(0x40).Standard(0x40, 0x01).Put(0x41, 1, 0x40).Bytes),
        ("two in a circle", () => Standard(0x40).Standard(0x40, 0x01).Standard(0x50, 0x05).Put(0x51, 1, 0x40).Put(0x52, 2, 0).Bytes),
        ("points into the header", () => Standard(0x40).Standard(0x40, 0x10).Put(0x41, 1, 0x04).Bytes),
        ("first pointer into the header", () => Standard(0x10).Bytes),
        ("low bits set", () => Standard(0x40).Standard(0x40, 0x01).Put(0x34, 1, 0x43).Put(0x41, 1, 0x52).Put(0x50, 2, 0x0005).Put(0x52, 2, 0x0180).Bytes),
        ("MSI cut off by the end", () => Standard(0xFC).Put(0xFC, 4, 0x01800005).Bytes),
        ("MSI-X cut off by the end", () => Standard(0xFC).Put(0xFC, 4, 0x00070011).Bytes),
        ("PM cut off by the end", () => Standard(0xFC).Put(0xFC, 4, 0xFFC30001).Bytes),
        ("VPD cut off by the end", () => Standard(0xFC).Put(0xFC, 4, 0x00000003).Bytes),
        ("PCIe cut off by the end", () => Standard(0xF8).Put(0xF8, 4, 0x00020010).Bytes),
        ("AF cut off by the end", () => Standard(0xFC).Put(0xFC, 4, 0x03060013).Bytes),
        ("MSI inside PM", () => Standard(0x40).Put(0x40, 4, 0xFFC34401).Put(0x44, 4, 0x01800005).Bytes),
        ("PM inside MSI", () => Standard(0x40).Put(0x40, 4, 0x01804405).Put(0x44, 4, 0xFFC30001).Bytes),
        ("VPD inside MSI", () => Standard(0x40).Put(0x40, 4, 0x01804805).Put(0x48, 4, 0x00000003).Bytes),
        ("vendor-specific over MSI", () => Standard(0x40).Put(0x40, 4, 0x00FF5009).Put(0x50, 4, 0x01800005).Bytes),
        ("MSI over MSI-X control", () => Standard(0x40).Put(0x40, 4, 0x01804405).Put(0x44, 4, 0x00070011).Bytes),
        (
            "two of each",
            () => Standard(0x40).Standard(0x40, 0x05).Put(0x42, 2, 0x0180).Standard(0x60, 0x05).Put(0x62, 2, 0x0180)
                .Standard(0x80, 0x01).Standard(0x90, 0x01).Bytes),
        ("every dword a capability", () => Everywhere(new SpaceBytes(), 0x01)),
        ("every dword MSI", () => Everywhere(new SpaceBytes(), 0x05)),
        ("id 0xFF", () => Standard(0x40).Put(0x40, 4, 0xFFFFFFFF).Bytes),
        ("list bit clear", () => new SpaceBytes().Put(0x34, 1, 0x40).Put(0x40, 4, 0x01800005).Bytes),
        ("64 bytes with a list", () => new SpaceBytes(64).Put(0x06, 2, 0x10).Put(0x34, 1, 0x40).Bytes),
        ("extended points to itself", () => Express().Put(0x100, 4, 0x10010010).Bytes),
        ("extended circle", () => Express().Put(0x100, 4, 0x14010001).Put(0x140, 4, 0x10010010).Bytes),
        ("extended next below 0x100", () => Express().Put(0x100, 4, 0x04010001).Bytes),
        ("extended next unaligned", () => Express().Put(0x100, 4, 0x14310001).Put(0x140, 4, 0x00010010).Bytes),
        ("extended at the end", () => Express().Put(0x100, 4, 0xFFC10001).Put(0xFFC, 4, 0x00010010).Bytes),
        ("extended header all ones", () => Express().Put(0x100, 4, 0xFFFFFFFF).Bytes),
        ("resizable BAR that claims seven", () => Express().Put(0x100, 4, 0xFF010001).Put(0xFF0, 4, 0x00010015).Put(0xFF8, 4, 0xFFFFFFFF).Bytes),
        ("every extended dword a capability", () => ExtendedEverywhere(0x10)),
        (
            "two SR-IOV and two ATS",
            () => Express().Put(0x100, 4, 0x14010010).Put(0x140, 4, 0x18010010).Put(0x180, 4, 0x1901000F).Put(0x190, 4, 0x0001000F).Bytes),
        ("a VSEC over SR-IOV", () => Express().Put(0x100, 4, 0x1401000B).Put(0x104, 4, 0xFFF00001).Put(0x140, 4, 0x00010010).Bytes),
    ];

    [Fact]
    public void No_list_however_wrong_throws_or_hangs_in_any_policy_at_any_access()
    {
        foreach ((string? name, Func<byte[]>? make) in Images)
        {
            foreach (string policy in Policies.Names)
            {
                byte[] bytes = make();
                var hardware = new PlainMemoryFunction(bytes, new BaseAddress[7], default);
                using var guest = new OneGuest(hardware, Policies.Named(policy) with
                {
                    HiddenCapabilities = ["CAP_MSI", "ECAP_SRIOV", "ECAP_AER"],
                    AllowFunctionReset = new(true, SettingOrigin.BuiltIn),
                    AllowPowerStates = new(policy != "default", SettingOrigin.BuiltIn),
                });
                foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
                {
                    for (int offset = 0; offset < bytes.Length; offset += size)
                    {
                        Assert.True(guest.Read(offset, size).Status == PciOpStatus.Success, $"{name}, {policy}: read {offset:x}/{size}");
                        PciOpStatus status = guest.Write(offset, size, 0xFFFFFFFF);
                        Assert.True(status is PciOpStatus.Success or PciOpStatus.AccessDenied, $"{name}, {policy}: write {offset:x}/{size}: {status}");
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("vendor-specific over MSI", 0x54, 20)]
    [InlineData("PM inside MSI", 0x48, 16)]
    [InlineData("VPD inside MSI", 0x50, 8)]
    [InlineData("MSI inside PM", 0x48, 20)]
    [InlineData("two of each", 0x44, 20)]
    [InlineData("two in a circle", 0x54, 6)]
    [InlineData("low bits set", 0x54, 20)]
    [InlineData("two of each", 0x64, 20)]
    [InlineData("two SR-IOV and two ATS", 0x108, 2)]
    [InlineData("two SR-IOV and two ATS", 0x148, 2)]
    [InlineData("two SR-IOV and two ATS", 0x186, 2)]
    [InlineData("two SR-IOV and two ATS", 0x196, 2)]
    [InlineData("extended circle", 0x148, 2)]
    [InlineData("a VSEC over SR-IOV", 0x148, 2)]
    [InlineData("extended next unaligned", 0x148, 2)]
    [InlineData("extended points to itself", 0x108, 2)]
    public void A_protected_register_stays_protected_whatever_lies_over_it(string name, int first, int length)
    {
        foreach (string policy in Policies.Names)
        {
            byte[] bytes = Images.Single(image => image.Name == name).Bytes();
            var hardware = new PlainMemoryFunction(bytes, new BaseAddress[7], default);
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            byte[] before = hardware.Bytes.ToArray();
            foreach (uint value in new[] { 0xA5A5A5A5u, 0xFFFFFFFFu, 0u })
            {
                foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
                {
                    for (int offset = first & ~3; offset < first + length; offset += size)
                    {
                        guest.Write(offset, size, value);
                    }
                }

                for (int at = first; at < first + length; at++)
                {
                    Assert.True(hardware.Bytes[at] == before[at], $"{name}, {policy}: {at:x} became {hardware.Bytes[at]:x2} from {before[at]:x2}");
                }
            }
        }
    }

    [Theory]
    [InlineData(FaultKind.AllOnes)]
    [InlineData(FaultKind.Vanished)]
    public void A_function_that_answers_all_ones_is_gone_for_every_register_and_takes_no_write(FaultKind fault)
    {
        foreach (string policy in Policies.Names)
        {
            using var hardware = new EmulatedFunction(default, "every capability", EveryCapability.Bytes());
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            hardware.Faults.Inject(fault);

            // Status goes to hardware: that is where it is found out.
            guest.Read(0x04, 4);
            Assert.True(guest.Function.IsGone);
            for (int at = 0; at < 4096; at += 4)
            {
                Assert.True(guest.Read(at, 4).Value == 0xFFFFFFFF, $"{policy}: {at:x} reads {guest.Read(at, 4).Value:x8}");
            }

            Assert.Equal(0xFFFFu, guest.Read(0x00, 2).Value);
            Assert.Equal(0xFFu, guest.Read(0x3D, 1).Value);
            long writes = hardware.Writes;
            for (int at = 0; at < 4096; at += 4)
            {
                guest.Write(at, 4, 0);
            }

            Assert.Equal(writes, hardware.Writes);
        }
    }

    [Fact]
    public void The_read_that_finds_the_function_gone_answers_all_ones_itself()
    {
        using var hardware = new EmulatedFunction(default, "every capability", EveryCapability.Bytes());
        using var guest = new OneGuest(hardware, AccessPolicy.Default);
        hardware.Faults.Inject(FaultKind.AllOnes);

        Assert.Equal((PciOpStatus.Success, 0xFFFFFFFFu), guest.Read(0x04, 4));
    }

    [Fact]
    public void A_function_that_comes_back_is_found_by_a_refresh()
    {
        using var hardware = new EmulatedFunction(default, "every capability", EveryCapability.Bytes());
        using var guest = new OneGuest(hardware, AccessPolicy.Default);
        hardware.Faults.Inject(FaultKind.AllOnes);
        guest.Read(0x04, 4);
        Assert.True(guest.Function.IsGone);

        hardware.Faults.Release();
        guest.Function.Refresh();

        Assert.False(guest.Function.IsGone);
        Assert.Equal(0x10D38086u, guest.Read(0x00, 4).Value);
    }

    [Fact]
    public void One_register_of_all_ones_does_not_make_a_living_function_gone()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.Poke(EveryCapability.DeviceSpecific, 4, 0xFFFFFFFF);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);

        Assert.Equal(0xFFFFFFFFu, guest.Read(EveryCapability.DeviceSpecific, 4).Value);

        Assert.False(guest.Function.IsGone);
        Assert.Equal(0x10D38086u, guest.Read(0x00, 4).Value);
    }

    [Fact]
    public void A_virtual_function_whose_ids_read_all_ones_is_there_and_shows_the_hosts_ids()
    {
        // SR-IOV 1.1 §3.4.1.1 and §3.4.1.2: both registers of a virtual function read FFFF.
        using var hardware = new EmulatedFunction(default, "virtual function", EveryCapability.Bytes())
        {
            IsVirtualFunction = true,
            VendorId = 0x8086,
            DeviceId = 0x10ED,
        };
        hardware.SetHardware(0, 4, 0xFFFFFFFF);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);

        guest.Read(0x04, 4);

        Assert.Equal(0x10ED8086u, guest.Read(0, 4).Value);
        Assert.Equal(0x10EDu, guest.Read(2, 2).Value);
        Assert.False(guest.Function.IsGone);
    }

    [Fact]
    public void Accesses_that_fail_are_answered_by_a_code_of_the_protocol_and_never_by_an_exception()
    {
        foreach (string policy in Policies.Names)
        {
            using var hardware = new EmulatedFunction(default, "every capability", EveryCapability.Bytes());
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            hardware.Faults.Inject(FaultKind.Fails);
            for (int at = 0; at < 4096; at += 4)
            {
                Assert.InRange((int)guest.Read(at, 4).Status, -5, 0);
                Assert.InRange((int)guest.Write(at, 4, 0xFFFFFFFF), -5, 0);
            }
        }
    }

    [Fact]
    public void Header_types_other_than_endpoint_and_bridge_are_refused()
    {
        foreach (byte type in new byte[] { 0x02, 0x82, 0x03, 0x7F, 0xFF })
        {
            var hardware = new PlainMemoryFunction(new SpaceBytes(256, type).Bytes, new BaseAddress[7], default);
            Assert.Throws<UnsupportedFunctionException>(() => ConfigSpaceMapCompiler.Compile(hardware, AccessPolicy.Default));
        }

        foreach ((string? name, Pci.Captures.CapturedConfig? config) in CapturedImages.All())
        {
            if ((config.Bytes.Span[0x0E] & 0x7F) == 2)
            {
                Assert.Throws<UnsupportedFunctionException>(
                    () => ConfigSpaceMapCompiler.Compile(new Pci.Captures.CapturedFunction(name, config), AccessPolicy.Default));
            }
        }
    }

    private static SpaceBytes Standard(byte first) => new SpaceBytes().Fill(0x40, 0xC0, 0x31).Put(0x06, 2, 0x10).Put(0x34, 1, first);

    private static SpaceBytes Express() => new SpaceBytes(4096).Fill(0x100, 0xF00, 0x05).Put(0x06, 2, 0x10).Put(0x34, 1, 0x40).Put(0x40, 4, 0x00020010);

    private static byte[] Everywhere(SpaceBytes space, byte id)
    {
        space.Put(0x06, 2, 0x10).Put(0x34, 1, 0x40);
        for (int at = 0x40; at < 0x100; at += 4)
        {
            space.Put(at, 4, (uint)(id | (((at + 4) & 0xFF) << 8) | 0x01800000));
        }

        return space.Bytes;
    }

    private static byte[] ExtendedEverywhere(int id)
    {
        SpaceBytes space = Express();
        for (int at = 0x100; at < 0x1000; at += 4)
        {
            space.Put(at, 4, (uint)id | 0x10000 | ((uint)((at + 4) & 0xFFC) << 20));
        }

        return space.Bytes;
    }
}

using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>A guest's state ends with it: the next one finds the function as if nobody had had it before.</summary>
/// <remarks>Origin: known defects of Linux xen-pciback: virtual command register, permissive flag and warnings survive the guest.</remarks>
public sealed class TwoGuestsInTurnTests
{
    public static TheoryData<string, string> Pairs => new()
    {
        { "default", "default" },
        { "permissive", "default" },
        { "default", "permissive" },
        { "strict", "default" },
        { "qemu-xen", "default" },
        { "default", "qemu-xen" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void The_second_guest_sees_what_it_would_have_seen_as_the_first(string first, string second)
    {
        var random = new Random(11);
        for (int round = 0; round < 20; round++)
        {
            using EmulatedFunction used = Emulated();
            byte[] pristine = used.Snapshot();
            using var guest = new OneGuest(used, Policies.Named(first) with
            {
                AllowInterruptControl = new(true, SettingOrigin.BuiltIn),
                Quirks = [new QuirkField(0xE0, 4, 0xFFFFFFFF, SettingOrigin.BuiltIn)],
            });
            for (int i = 0; i < 400; i++)
            {
                int size = 1 << random.Next(3);
                guest.Write(random.Next(0x110) & -size, size, (uint)random.NextInt64());
            }

            // What the host does in between: reset, and its own copy of the configuration back.
            for (int at = 0; at < pristine.Length; at += 4)
            {
                used.SetHardware(at, 4, BitConverter.ToUInt32(pristine, at));
            }

            guest.Function.Release(ConfigSpaceMapCompiler.Compile(used, Policies.Named(second)));
            using EmulatedFunction fresh = Emulated();
            using var other = new OneGuest(fresh, Policies.Named(second));
            Assert.Equal(0, guest.Function.Registers.WarnedCount);
            for (int at = 0; at < pristine.Length; at += 4)
            {
                Assert.True(other.Read(at, 4) == guest.Read(at, 4), $"round {round}: {at:x} reads {guest.Read(at, 4)}, not {other.Read(at, 4)}");
            }

            for (int i = 0; i < 400; i++)
            {
                int size = 1 << random.Next(3);
                int offset = random.Next(0x110) & -size;
                uint value = (uint)random.NextInt64();
                Assert.True(
                    other.Write(offset, size, value) == guest.Write(offset, size, value),
                    $"round {round}: write {offset:x}/{size} {value:x8} is answered differently");
                int at = random.Next(0x110) & ~3;
                Assert.True(other.Read(at, 4) == guest.Read(at, 4), $"round {round}: after write {offset:x}/{size} {value:x8} {at:x} reads differently");
            }

            Assert.Equal(fresh.Snapshot(), used.Snapshot());
        }
    }

    [Fact]
    public void A_quirk_and_a_permission_end_with_the_guest_they_were_given_to()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Permissive with { Quirks = [new QuirkField(0xE0, 4, 0xFFFFFFFF, SettingOrigin.BuiltIn)] });
        guest.Write(0xE0, 4, 0x11223344);
        Assert.Equal(0x44, hardware.Bytes[0xE0]);

        guest.Function.Release(ConfigSpaceMapCompiler.Compile(hardware, AccessPolicy.Default));

        Assert.Equal(PciOpStatus.Success, guest.Write(0xE0, 4, 0));
        Assert.Equal(PciOpStatus.Success, guest.Write(0xF0, 4, 0));
        Assert.Equal(0x44, hardware.Bytes[0xE0]);
    }

    private static EmulatedFunction Emulated() => new(default, "every capability", EveryCapability.Bytes(), [0x20000, 0x20, 0x10000, 0, 0, 0, 0x40000]);
}

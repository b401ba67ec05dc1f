using CsCheck;
using PciBackFlow.Pci;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>Bytes, words and dwords are the same thing where no side effect lies.</summary>
/// <remarks>Origin: xen tools/tests/vpci/main.c (every read size after every write size); a live bug class of crosvm and cloud-hypervisor:
/// a word at offset 2 shifted by 16 instead of by its lane.</remarks>
public sealed class ByteLaneTests
{
    private static readonly (string Name, byte[] Bytes, IReadOnlyList<BaseAddress> BaseAddresses)[] Functions =
        [
            ("every capability", EveryCapability.Bytes(), EveryCapability.BaseAddresses),
            .. CapturedImages.Usable().Select(usable => (usable.Name, usable.Bytes, usable.Function.BaseAddresses)),
        ];

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Reads_of_every_size_give_the_same_bytes_over_every_capture(string policy)
    {
        var findings = new Findings();
        foreach ((string? name, byte[]? bytes, IReadOnlyList<BaseAddress>? baseAddresses) in Functions)
        {
            using var guest = new OneGuest(new PlainMemoryFunction(bytes, baseAddresses, default), Policies.Named(policy));
            for (int at = 0; at < bytes.Length; at += 4)
            {
                uint dword = guest.Read(at, 4).Value;
                uint words = guest.Read(at, 2).Value | (guest.Read(at + 2, 2).Value << 16);
                uint single =
                    guest.Read(at, 1).Value | (guest.Read(at + 1, 1).Value << 8) | (guest.Read(at + 2, 1).Value << 16) | (guest.Read(at + 3, 1).Value << 24);
                findings.Check(dword == words && dword == single, () => $"{name}, {policy}: {at:x}: {dword:x8}, {words:x8}, {single:x8}");
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Any_row_of_dword_writes_has_the_same_effect_as_its_words_and_its_bytes(string policy)
    {
        Gen.Select(Gen.Int[0, Functions.Length - 1], Gen.Select(Gen.Int[0, 1023], Gen.UInt).List[1, 40]).Sample(
            (index, writes) =>
            {
                (string _, byte[]? bytes, IReadOnlyList<BaseAddress>? baseAddresses) = Functions[index];
                WriteRule[] rules = WriteRules.Of(new OracleImage(bytes));
                PlainMemoryFunction[] hardware = Enumerable.Range(0, 3).Select(_ => new PlainMemoryFunction(bytes, baseAddresses, default)).ToArray();
                using var inDwords = new OneGuest(hardware[0], Policies.Named(policy));
                using var inWords = new OneGuest(hardware[1], Policies.Named(policy));
                using var inBytes = new OneGuest(hardware[2], Policies.Named(policy));
                foreach ((int dword, uint value) in writes)
                {
                    int at = 4 * (dword % (bytes.Length / 4));
                    if (rules.AsSpan(at, 4).Contains(WriteRule.Own) || IsReset(bytes, at))
                    {
                        continue;
                    }

                    inDwords.Write(at, 4, value);
                    inWords.Write(at, 2, value & 0xFFFF);
                    inWords.Write(at + 2, 2, value >> 16);
                    for (int lane = 0; lane < 4; lane++)
                    {
                        inBytes.Write(at + lane, 1, (value >> (8 * lane)) & 0xFF);
                    }

                    if (inDwords.Read(at, 4) != inWords.Read(at, 4) || inDwords.Read(at, 4) != inBytes.Read(at, 4))
                    {
                        return false;
                    }
                }

                return hardware[0].Bytes.SequenceEqual(hardware[1].Bytes) && hardware[0].Bytes.SequenceEqual(hardware[2].Bytes);
            },
            iter: 150,
            threads: 1);
    }

    // Device Control and AF Control start resets: side effects.
    private static bool IsReset(byte[] bytes, int at)
    {
        var image = new OracleImage(bytes);
        return (image.Capability(0x10) >= 0 && at == image.Capability(0x10) + 8) || (image.Capability(0x13) >= 0 && at == image.Capability(0x13) + 4);
    }
}

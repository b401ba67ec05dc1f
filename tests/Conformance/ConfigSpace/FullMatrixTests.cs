using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// Every offset and size, aligned or not, negative and beyond, over every capture, against an oracle that knows nothing of the
/// filter's tables (<see cref="DefaultPolicyOracle"/>). The hardware below is plain memory, so that nothing but the filter protects it.
/// </summary>
public sealed class FullMatrixTests
{
    private static readonly uint[] Patterns = [0x00000000, 0xFFFFFFFF, 0xA5A5A5A5, 0x5A5A5A5A];

    [Fact]
    public void Every_read_of_a_fresh_function_gives_its_bytes_but_for_the_virtual_registers()
    {
        int functions = 0;
        foreach ((string? name, byte[]? bytes, IPciFunction? function) in CapturedImages.Usable())
        {
            functions++;
            var image = new OracleImage(bytes);
            using var guest = new OneGuest(new PlainMemoryFunction(bytes, function.BaseAddresses, function.Address), Policies.Default);
            for (int offset = -8; offset < bytes.Length + 8; offset++)
            {
                foreach (int size in (ReadOnlySpan<int>)[0, 1, 2, 3, 4, 8, -4])
                {
                    (PciOpStatus status, uint value) = guest.Read(offset, size);
                    if (!IsValid(offset, size, bytes.Length))
                    {
                        Assert.True((status, value) == (PciOpStatus.InvalidOffset, 0u), $"{name}: read {offset:x}/{size}: {status} {value:x}");
                        continue;
                    }

                    uint expected = DefaultPolicyOracle.Visible(image, offset, size, function.BaseAddresses);
                    Assert.True((status, value) == (PciOpStatus.Success, expected), $"{name}: read {offset:x}/{size}: {status} {value:x}, not {expected:x}");
                }
            }
        }

        Assert.True(functions > 0, "no capture at hand");
    }

    [Fact]
    public void No_write_changes_a_hardware_bit_that_the_default_policy_keeps()
    {
        foreach ((string? name, byte[]? bytes, IPciFunction? function) in CapturedImages.Usable())
        {
            var image = new OracleImage(bytes);
            var hardware = new PlainMemoryFunction(bytes, function.BaseAddresses, function.Address);
            using var guest = new OneGuest(hardware, Policies.Default);

            // Taking the function over may itself have changed a bit (PME_En): what counts is what the write does.
            byte[] before = hardware.Bytes.ToArray();
            for (int offset = 0; offset < bytes.Length; offset++)
            {
                foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
                {
                    if (!IsValid(offset, size, bytes.Length) || IsPlain(image, offset, size))
                    {
                        continue;
                    }

                    foreach (uint pattern in Patterns)
                        {
                        CheckOneWrite(name, before, guest, hardware, image, offset, size, pattern);
                        hardware.Restore(before);
                        guest.Function.Release();
                    }
                }
            }
        }
    }

    [Fact]
    public void Writes_all_over_the_space_leave_everything_that_no_rule_opens_as_it_was()
    {
        foreach ((string? name, byte[]? bytes, IPciFunction? function) in CapturedImages.Usable())
        {
            var image = new OracleImage(bytes);
            var hardware = new PlainMemoryFunction(bytes, function.BaseAddresses, function.Address);
            using var guest = new OneGuest(hardware, Policies.Default);
            foreach (uint pattern in Patterns)
            {
                foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
                {
                    for (int offset = -8; offset < bytes.Length + 8; offset++)
                    {
                        PciOpStatus status = guest.Write(offset, size, pattern);
                        if (!IsValid(offset, size, bytes.Length))
                        {
                            Assert.Equal(PciOpStatus.InvalidOffset, status);
                        }
                        else if (!DefaultPolicyOracle.MayBeDenied(image, offset, size))
                        {
                            Assert.True(status == PciOpStatus.Success, $"{name}: write {offset:x}/{size} {pattern:x}: {status}");
                        }
                    }
                }
            }

            for (int offset = 0; offset < bytes.Length; offset++)
            {
                byte changed = (byte)(hardware.Bytes[offset] ^ bytes[offset]);
                Assert.True(
                    (changed & ~DefaultPolicyOracle.ChangeableBits(image, offset)) == 0,
                    $"{name}: {offset:x} became {hardware.Bytes[offset]:x2} from {bytes[offset]:x2}");
            }
        }
    }

    private static void CheckOneWrite(
        string name, byte[] before, OneGuest guest, PlainMemoryFunction hardware, OracleImage image, int offset, int size, uint pattern)
    {
        PciOpStatus status = guest.Write(offset, size, pattern);
        if (!DefaultPolicyOracle.MayBeDenied(image, offset, size))
        {
            Assert.True(status == PciOpStatus.Success, $"{name}: write {offset:x}/{size} {pattern:x}: {status}");
        }

        for (int at = 0; at < before.Length; at++)
        {
            byte changed = (byte)(hardware.Bytes[at] ^ before[at]);
            if (changed == 0)
            {
                continue;
            }

            Assert.True(at >= offset && at < offset + size || IsCommandsOwn(at, offset, size), $"{name}: write {offset:x}/{size} {pattern:x} changed {at:x}");
            Assert.True(
                (changed & ~DefaultPolicyOracle.ChangeableBits(image, at)) == 0,
                $"{name}: write {offset:x}/{size} {pattern:x}: {at:x} became {hardware.Bytes[at]:x2} from {before[at]:x2}");
        }
    }

    // Command switches decoding on in its own low byte, and sets a cache line size that the function lacks.
    private static bool IsCommandsOwn(int at, int offset, int size) => at is 0x04 or 0x0C && offset < 6 && offset + size > 4;

    // Where no rule opens anything, the sweep over the whole space covers it; single writes are tried where a rule exists.
    private static bool IsPlain(OracleImage image, int offset, int size)
    {
        if (offset < 0x40 || DefaultPolicyOracle.MayBeDenied(image, offset, size))
        {
            return false;
        }

        for (int lane = 0; lane < size; lane++)
        {
            if (DefaultPolicyOracle.ChangeableBits(image, offset + lane) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsValid(int offset, int size, int length) =>
        size is 1 or 2 or 4 && offset >= 0 && offset % size == 0 && offset + size <= length;
}

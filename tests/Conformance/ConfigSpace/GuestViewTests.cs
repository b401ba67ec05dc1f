using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>The guest's view of a function differs from its raw bytes in the virtual registers and nowhere else.</summary>
/// <remarks>Origin: Linux drivers/xen/xen-pciback/conf_space_capability.c: PME support is hidden, PME_En switched off at take-over.</remarks>
public sealed class GuestViewTests
{
    [Fact]
    public void The_view_of_every_capture_differs_from_the_raw_bytes_exactly_in_the_virtual_registers()
    {
        var findings = new Findings();
        foreach ((string? name, byte[]? bytes, Pci.IPciFunction? function) in CapturedImages.Usable())
        {
            var image = new OracleImage(bytes);
            ReadOnlySpan<byte> view = GuestView.Of(function, Policies.Default).Bytes.Span;
            for (int at = 0; at < view.Length; at++)
            {
                byte expected = DefaultPolicyOracle.VisibleByte(image, at, function.BaseAddresses);
                if (view[at] == expected)
                {
                    findings.Checked();
                }
                else
                {
                    findings.Add($"{name}: {at:x} is {view[at]:x2}, not {expected:x2}");
                }
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void A_function_whose_firmware_left_PME_on_is_shown_with_PME_off(string policy)
    {
        byte[] bytes = EveryCapability.Bytes();
        bytes[EveryCapability.Power + 5] |= 0x01;
        using var function = new EmulatedFunction(default, "every capability", bytes);

        ReadOnlySpan<byte> view = GuestView.Of(function, Policies.Named(policy)).Bytes.Span;

        Assert.Equal(0, view[EveryCapability.Power + 3] & 0xF8);
        Assert.Equal(0, view[EveryCapability.Power + 5] & 0x01);
    }
}

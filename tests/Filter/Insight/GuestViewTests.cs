using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Filter.Tests.Insight;

/// <summary>A guest reads the function's own bytes, but for registers that Linux's xen-pciback makes virtual.</summary>
public sealed class GuestViewTests
{
    public static TheoryData<string> Builtins => [.. BuiltinCaptures.Names];

    [Theory]
    [MemberData(nameof(Builtins))]
    public void A_builtin_captures_view_differs_only_in_virtual_registers(string name)
    {
        Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
        CompareAll(capture);
    }

    [Fact]
    public void Every_real_captures_view_differs_only_in_virtual_registers()
    {
        string? folder = Environment.GetEnvironmentVariable("PCIBACKFLOW_CAPTURES");
        if (string.IsNullOrEmpty(folder))
        {
            Assert.Skip("needs PCIBACKFLOW_CAPTURES");
        }

        int functions = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            Capture capture;
            try
            {
                capture = Capture.Load(file);
            }
            catch (CaptureFormatException)
            {
                // The folder holds readme files and decoded texts without bytes too.
                continue;
            }

            functions += CompareAll(capture);
        }

        Assert.True(functions > 0, "no capture in the folder");
    }

    private static int CompareAll(Capture capture)
    {
        int compared = 0;
        foreach (CapturedFunction function in CapturedFunction.All(capture))
        {
            byte[] raw = function.Config.Bytes.ToArray();
            if ((raw[0x0E] & 0x7F) > 1)
            {
                // CardBus is refused.
                Assert.Throws<UnsupportedFunctionException>(() => GuestView.Of(function, AccessPolicy.Default));
                continue;
            }

            // The whole function: what is left out of it is UnusableTests'.
            var view = GuestView.Of(function, AccessPolicy.Default with { HideUnusable = new(false, SettingOrigin.BuiltIn) });
            Assert.Empty(view.FailedOffsets);
            Assert.Equal(function.ReadableSize & ~3, view.Bytes.Length);
            HashSet<int> isVirtual = VirtualBytes(function);
            for (int i = 0; i < view.Bytes.Length; i++)
            {
                Assert.True(
                    view.Bytes.Span[i] == raw[i] || isVirtual.Contains(i),
                    $"{function.Origin} offset 0x{i:x}: raw {raw[i]:x2}, guest {view.Bytes.Span[i]:x2}");
            }

            compared++;
        }

        return compared;
    }

    [Fact]
    public void Wake_up_events_are_off_before_a_guest_looks()
    {
        const int Pm = 0x40;
        byte[] bytes = new byte[256];
        (bytes[0], bytes[1], bytes[2], bytes[3], bytes[6], bytes[0x34]) = (0x86, 0x80, 0x34, 0x12, 0x10, Pm);
        (bytes[Pm], bytes[Pm + 2], bytes[Pm + 3], bytes[Pm + 4], bytes[Pm + 5]) = (0x01, 0xC3, 0xFF, 0x08, 0x21);
        var capture = Capture.Read("pme", bytes);
        using CapturedFunction function = new(capture.Name, capture.Functions[0]);

        ReadOnlySpan<byte> view = GuestView.Of(function, AccessPolicy.Default).Bytes.Span;

        Assert.Equal([0x01, 0x00, 0xC3, 0x07, 0x08, 0x20], view.Slice(Pm, 6).ToArray());
    }

    /// <summary>
    /// Command (the guest's own bits), base addresses and ROM (host resources), interrupt line (the host's irq), and of power management the
    /// PME bits, the state and No_Soft_Reset (PCI Bus Power Management 1.2 §3.2.3 and §3.2.4).
    /// </summary>
    private static HashSet<int> VirtualBytes(CapturedFunction function)
    {
        HashSet<int> bytes = [0x04, 0x05, 0x3C];
        bytes.UnionWith(Enumerable.Range(0x10, 24));
        bytes.UnionWith(Enumerable.Range(0x30, 4));
        bytes.UnionWith(Enumerable.Range(0x38, 4));
        foreach (PciCapability capability in CapabilityWalk.Read(function).Capabilities)
        {
            if (!capability.IsExtended && capability.StandardId == CapabilityId.PowerManagement)
            {
                bytes.UnionWith([capability.Offset + 3, capability.Offset + 4, capability.Offset + 5]);
            }
        }

        return bytes;
    }
}

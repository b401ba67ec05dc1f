using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests.Effects;

public sealed class MessageControlTests
{
    [Theory]
    [InlineData(Msi + 2, 0x0181u)]
    [InlineData(Msix + 2, 0xC03Fu)]
    public void A_permissive_policy_writes_it_through(int offset, uint value)
    {
        FilteredGuest guest = new(Card(), AccessPolicy.Permissive);

        Assert.Equal(AccessStatus.Success, guest.Write(offset, 2, value));

        Assert.Equal(value, guest.Raw(offset, 2));
    }

    [Theory]
    [InlineData(CapabilityId.Msi, 0x0180u, 0x0181u)]
    [InlineData(CapabilityId.MsiX, 0x003Fu, 0x803Fu)]
    public void A_function_with_one_kind_of_messages_has_no_other_that_could_be_on(CapabilityId id, uint before, uint value)
    {
        EmulatedFunction card = new EmulatedFunctionBuilder(0x1234, 0x5678).Capability(0x40, id, new byte[12]).Set(0x42, 2, before).Build();
        FilteredGuest guest = new(card, AccessPolicy.Default with { AllowInterruptControl = new(true, SettingOrigin.BuiltIn) });

        Assert.Equal(AccessStatus.Success, guest.Write(0x42, 2, value));

        Assert.Equal(value, guest.Raw(0x42, 2));
    }
}

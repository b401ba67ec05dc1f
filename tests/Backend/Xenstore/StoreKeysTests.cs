using PciBackFlow.Backend.Xenstore;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>The keys by their literal names, as libxl (libxl_pci.c), Linux (xen-pciback/xenbus.c, xen-pcifront.c) and Xen's headers have them.</summary>
public sealed class StoreKeysTests
{
    private static readonly GuestId Guest = new(7, 0);

    public static TheoryData<string, string> Keys => new()
    {
        { "/local/domain/0/backend/pci", StoreKeys.Guests },
        { "/local/domain/0/backend/pci/7/0", StoreKeys.BackendOf(Guest) },
        { "/local/domain/0/backend/pci/7/0/state", StoreKeys.StateOf(StoreKeys.BackendOf(Guest)) },
        { "/local/domain/0/backend/pci/7/12", StoreKeys.BackendOf(new(7, 12)) },
        { "/local/domain/7/device/pci/0", StoreKeys.FrontendOf(Guest) },
        { "/local/domain/0/error/backend/pci/7/0/error", StoreKeys.ErrorOf(Guest) },
        { "/local/domain/7", StoreKeys.HomeOf(7) },
        { "/local/domain/7/name", StoreKeys.NameOf(7) },
        { "/libxl/pci/0001-a0-1f-7/domid", StoreKeys.OwnerOf(new(1, 0xA0, 0x1F, 7)) },
        { "state", StoreKeys.State },
        { "frontend", StoreKeys.Frontend },
        { "frontend-id", StoreKeys.FrontendId },
        { "online", StoreKeys.Online },
        { "domain", StoreKeys.Domain },
        { "num_devs", StoreKeys.DeviceCount },
        { "root_num", StoreKeys.RootCount },
        { "aerState", StoreKeys.Failure },
        { "aerfail", StoreKeys.HasFailed },
        { "backend", StoreKeys.Backend },
        { "backend-id", StoreKeys.BackendId },
        { "pci-op-ref", StoreKeys.PageReference },
        { "event-channel", StoreKeys.EventChannel },
        { "magic", StoreKeys.Magic },
        { "dev-0", StoreKeys.Device(0) },
        { "key-1", StoreKeys.DeviceKey(1) },
        { "state-2", StoreKeys.DeviceState(2) },
        { "vdev-3", StoreKeys.GuestAddress(3) },
        { "vdevfn-4", StoreKeys.RequestedDevfn(4) },
        { "opts-5", StoreKeys.Options(5) },
        { "name-6", StoreKeys.DeviceName(6) },
        { "error-7", StoreKeys.DeviceError(7) },
        { "reason-8", StoreKeys.DeviceReason(8) },
        { "root-255", StoreKeys.Root(255) },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_key_has_the_name_that_toolstacks_and_frontends_know(string expected, string key) => Assert.Equal(expected, key);

    [Theory]
    [InlineData("/local/domain/0/backend/pci/7/0", true)]
    [InlineData("/local/domain/0/backend/pci/7/0/state", true)]
    [InlineData("backend/pci/7/0/dev-0", true)]
    [InlineData("/local/domain/0/backend/pci/7", false)]
    [InlineData("/local/domain/0/backend/pci", false)]
    [InlineData("/local/domain/0/backend/pci/07/0", false)]
    [InlineData("/local/domain/0/backend/pci/65536/0", false)]
    [InlineData("/local/domain/0/backend/vbd/7/0", false)]
    public void A_path_at_or_below_a_backend_directory_names_its_guest(string path, bool isGuests)
    {
        Assert.Equal(isGuests, GuestId.TryParse(path, out GuestId guest));
        Assert.Equal(isGuests ? Guest : default, guest);
    }

    /// <summary>A node; whether its change can mean progress of a guest's, a device's departure, any guest's coming or going.</summary>
    [Theory]
    [InlineData("/local/domain/0/backend/pci/7/0", true, true, true)]
    [InlineData("/local/domain/0/backend/pci/7/0/state", true, true, true)]
    [InlineData("/local/domain/0/backend/pci/7/0/state-3", true, false, true)]
    [InlineData("/local/domain/0/backend/pci/7/0/online", false, true, true)]
    [InlineData("/local/domain/0/backend/pci/7/0/num_devs", false, true, true)]
    [InlineData("/local/domain/0/backend/pci/7/0/dev-3", false, true, true)]
    [InlineData("/local/domain/0/backend/pci/7/0/vdev-3", false, false, true)]
    [InlineData("/local/domain/0/backend/pci/7/0/root-0", false, false, true)]
    [InlineData("/local/domain/7/device/pci/0", true, true, false)]
    [InlineData("/local/domain/7/device/pci/0/state", true, true, false)]
    [InlineData("/local/domain/7/device/pci/0/magic", false, false, false)]
    [InlineData("/local/domain/0/backend", false, false, true)]
    [InlineData("/local/domain/0", true, true, true)]
    [InlineData("/local", false, false, true)]
    public void A_change_means_what_its_node_can_say(string node, bool progress, bool departure, bool anyGuest)
    {
        Assert.Equal(progress, StoreChanges.MayBeProgress(node));
        Assert.Equal(departure, StoreChanges.MayBeDeparture(node));
        Assert.Equal(anyGuest, StoreChanges.MayBeAnyGuest(node));
    }
}

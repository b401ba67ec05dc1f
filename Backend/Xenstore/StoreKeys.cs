using System.Globalization;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// Every key of PCI passthrough in xenstore and where it lies: a guest's two directories, which libxl creates
/// (tools/libs/light/libxl_pci.c), the backend fills and the frontend answers in (Linux drivers/xen/xen-pciback/xenbus.c,
/// drivers/pci/xen-pcifront.c), and the few keys beside them. Keys are named nowhere else.
/// </summary>
public static class StoreKeys
{
    /// <summary>Where all backend directories lie, <c>DOMID/DEVID</c> below it. Toolstacks hard-code domain 0.</summary>
    public const string Guests = "/local/domain/0/backend/pci";

    /// <summary>
    /// In both directories: how far that side of the handshake is, a <see cref="XenbusState"/>. Either side writes its own; the
    /// toolstack 1, 5 and 7 into the backend's.
    /// </summary>
    public const string State = "state";

    /// <summary>Backend, from the toolstack: where the frontend's directory is.</summary>
    public const string Frontend = "frontend";

    /// <summary>Backend, from the toolstack: whose it is, a domid.</summary>
    public const string FrontendId = "frontend-id";

    /// <summary>Backend, from the toolstack: 1, or 0 when the guest is to lose the whole bus.</summary>
    public const string Online = "online";

    /// <summary>Backend, from the toolstack: the guest's name, for people.</summary>
    public const string Domain = "domain";

    /// <summary>Backend, from the toolstack: how many devices follow, numbered from 0; they are renumbered when one goes.</summary>
    public const string DeviceCount = "num_devs";

    /// <summary>Backend, its own: how many root buses follow.</summary>
    public const string RootCount = "root_num";

    /// <summary>Backend, its own: whether a function of the guest has failed (<see cref="HasFailed"/>); toolstacks watch it.</summary>
    public const string Failure = "aerState";

    /// <summary>The value of <see cref="Failure"/>.</summary>
    public const string HasFailed = "aerfail";

    /// <summary>Frontend, from the toolstack: where the backend's directory is.</summary>
    public const string Backend = "backend";

    /// <summary>Frontend, from the toolstack: the backend's domid.</summary>
    public const string BackendId = "backend-id";

    /// <summary>Frontend, from the guest: the shared page's grant reference, decimal.</summary>
    public const string PageReference = "pci-op-ref";

    /// <summary>Frontend, from the guest: its port, decimal.</summary>
    public const string EventChannel = "event-channel";

    /// <summary>Frontend, from the guest: the protocol's version.</summary>
    public const string Magic = "magic";

    // What one device has, N behind each. error-N and reason-N are this backend's own; the others are libxl's and Linux's.
    private const string DevicePrefix = "dev-";
    private const string KeyPrefix = "key-";
    private const string StatePrefix = "state-";
    private const string GuestAddressPrefix = "vdev-";
    private const string RequestedDevfnPrefix = "vdevfn-";
    private const string OptionsPrefix = "opts-";
    private const string NamePrefix = "name-";
    private const string ErrorPrefix = "error-";

    /// <summary>Of what the host's people alone may read: its nodes are not readable by the guest, wherever they are moved.</summary>
    internal const string ReasonPrefix = "reason-";

    /// <summary>All keys of one device, without its number: what moves when devices are renumbered.</summary>
    internal static IReadOnlyList<string> OfOneDevice { get; } =
        [StatePrefix, KeyPrefix, DevicePrefix, GuestAddressPrefix, OptionsPrefix, RequestedDevfnPrefix, NamePrefix, ErrorPrefix, ReasonPrefix];

    /// <summary>From the toolstack: the host's function, <c>dddd:bb:ss.f</c>.</summary>
    /// <param name="index">N, from 0; the same for all that follow.</param>
    /// <returns>The key's name; the same for all that follow.</returns>
    public static string Device(int index) => Numbered(DevicePrefix, index);

    /// <summary>From the toolstack: the host's function again, as libxl's own key.</summary>
    public static string DeviceKey(int index) => Numbered(KeyPrefix, index);

    /// <summary>How far the device is: 1 from the toolstack, 3 or 6 from the backend, 5 from the toolstack.</summary>
    public static string DeviceState(int index) => Numbered(StatePrefix, index);

    /// <summary>From the backend: where the guest sees it, <c>dddd:bb:ss.ff</c>.</summary>
    public static string GuestAddress(int index) => Numbered(GuestAddressPrefix, index);

    /// <summary>From the toolstack: where the guest is to see it, a devfn in hexadecimal.</summary>
    public static string RequestedDevfn(int index) => Numbered(RequestedDevfnPrefix, index);

    /// <summary>From the toolstack: what it wants for it, <c>key=value</c> pairs.</summary>
    public static string Options(int index) => Numbered(OptionsPrefix, index);

    /// <summary>From the toolstack: the name it was attached by.</summary>
    public static string DeviceName(int index) => Numbered(NamePrefix, index);

    /// <summary>From the backend: why the guest does not get it, in a word.</summary>
    public static string DeviceError(int index) => Numbered(ErrorPrefix, index);

    /// <summary>From the backend, for the toolstack alone: the same in full.</summary>
    public static string DeviceReason(int index) => Numbered(ReasonPrefix, index);

    /// <summary>From the backend: a root bus, <c>dddd:bb</c>.</summary>
    public static string Root(int index) => Numbered("root-", index);

    /// <summary>A guest's backend directory.</summary>
    /// <param name="guest">The guest; the same for all that follow.</param>
    /// <returns>An absolute path; the same for all that follow.</returns>
    public static string BackendOf(GuestId guest) => string.Create(CultureInfo.InvariantCulture, $"{Guests}/{guest.DomainId}/{guest.DeviceId}");

    /// <summary>A guest's frontend directory, where toolstacks create it.</summary>
    public static string FrontendOf(GuestId guest) => string.Create(CultureInfo.InvariantCulture, $"{HomeOf(guest.DomainId)}/device/pci/{guest.DeviceId}");

    /// <summary>What the backend tells people of a guest that it cannot serve: number and reason (Linux <c>xenbus_dev_fatal</c>).</summary>
    public static string ErrorOf(GuestId guest) =>
        string.Create(CultureInfo.InvariantCulture, $"/local/domain/0/error/backend/pci/{guest.DomainId}/{guest.DeviceId}/error");

    /// <summary>The state key of a directory.</summary>
    /// <param name="directory">A backend's or a frontend's directory.</param>
    /// <returns>Its path.</returns>
    public static string StateOf(string directory) => In(directory, State);

    /// <summary>A key of a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="key">The key's name.</param>
    /// <returns>Its path.</returns>
    public static string In(string directory, string key) => $"{directory}/{key}";

    /// <summary>A domain's own part of xenstore.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>Its path, without a slash at its end.</returns>
    public static string HomeOf(int domainId) => string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domainId}");

    /// <summary>A domain's name, as its toolstack wrote it.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>The key's path.</returns>
    public static string NameOf(int domainId) => In(HomeOf(domainId), "name");

    /// <summary>libxl's note of who has a device, a domid: xl's own commands look there.</summary>
    /// <param name="device">The host's function.</param>
    /// <returns>The key's path.</returns>
    public static string OwnerOf(PciAddress device) => $"/libxl/pci/{device.Domain:x4}-{device.Bus:x2}-{device.Slot:x2}-{device.Function:x1}/domid";

    /// <summary>Whether a name is a <see cref="Device"/> of any number.</summary>
    internal static bool IsDevice(string name) => name.StartsWith(DevicePrefix, StringComparison.Ordinal);

    /// <summary>One of <see cref="OfOneDevice"/> with its number.</summary>
    internal static string Numbered(string prefix, int index) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{index}");
}

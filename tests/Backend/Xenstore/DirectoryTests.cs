using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>A guest's two directories: what is written is read again, and what reading costs.</summary>
public sealed class DirectoryTests : IDisposable
{
    private static readonly GuestId Guest = GuestId.Of(7);
    private static readonly PciAddress Nic = new(0, 3, 0, 0);
    private static readonly PciAddress Disk = new(0, 4, 0, 1);
    private static readonly PciAddress Sound = new(1, 5, 0, 0);

    private readonly LoopbackHost _host = new();
    private readonly TroubledStore _platform;
    private readonly IXenStore _store;
    private int _requests;

    public DirectoryTests()
    {
        _host.CreateDomain(7);
        _platform = new(_host.BackendView);
        _store = _platform.OpenXenStore();
    }

    public void Dispose() => _store.Dispose();

    [Fact]
    public void What_the_toolstack_writes_is_what_who_serves_the_guest_reads()
    {
        Create(new(Nic, "permissive=1", RequestedDevfn: 0x50, Name: "nic"), new(Disk, "permissive=0"));

        GuestDirectory served = Reader(_store).ReadServed();

        Assert.Equal((true, true, true, null, null), (served.Exists, served.HasDeviceCount, served.IsOnline, served.DevicesError, served.FrontendError));
        Assert.Equal((XenbusState.Initialising, XenbusState.Initialising), (served.Backend, served.Frontend));
        Assert.Equal("/local/domain/7/device/pci/0", served.FrontendPath);
        Assert.Equal(
            [
                new(0, Nic, XenbusState.Initialising) { HostText = "0000:03:00.0", RequestedDevfn = 0x50, Options = "permissive=1" },
                new(1, Disk, XenbusState.Initialising) { HostText = "0000:04:00.1", Options = "permissive=0" },
            ],
            served.Devices);
    }

    [Fact]
    public void What_the_backend_writes_is_what_the_toolstack_reads()
    {
        Create(new(Nic, string.Empty), new(Disk, string.Empty));
        ServedDirectory served = new(_store, Guest) { State = XenbusState.Initialising };
        served.PublishDevice(0, new(0, 0, 2, 1));
        served.FailDevice(1, new(DeviceFailureKind.Unsupported, "it is a\nbridge"));
        Assert.Equal(ServedDirectory.Outcome.Written, served.SwitchState(XenbusState.Initialised));

        GuestDirectory seen = DirectoryReader.Read(_store, Guest);

        Assert.Equal((XenbusState.Initialised, XenbusState.Initialising), (seen.Backend, seen.Frontend));
        Assert.True(seen.Find(Nic) is { IsPublished: true, IsFailed: false, Guest: { Slot: 2, Function: 1 } });
        Assert.True(seen.Find(Disk) is { IsPublished: false, IsFailed: true, Error: "it is a.bridge" });
    }

    [Fact]
    public void A_reason_that_moves_with_its_device_stays_out_of_the_guests_sight()
    {
        Create(new(Nic, string.Empty), new(Disk, string.Empty));
        ServedDirectory served = new(_store, Guest) { State = XenbusState.Initialising };
        served.FailDevice(1, new(DeviceFailureKind.InUse, "domain 9 has it"));

        _store.Run(access => new DirectoryWriter(access, Guest).RemoveDevices([Nic]));

        Assert.Equal("domain 9 has it", _store.Read($"{StoreKeys.BackendOf(Guest)}/reason-0"));
        Assert.Equal([new(0, XenStoreAccess.None)], _store.GetPermissions($"{StoreKeys.BackendOf(Guest)}/reason-0"));
    }

    [Theory]
    [InlineData(XenbusState.Unknown, (int)ServedDirectory.Outcome.Gone)]
    [InlineData(XenbusState.Initialising, (int)ServedDirectory.Outcome.Successor)]
    public void A_directory_that_is_not_the_instances_any_more_is_not_written(XenbusState stored, int outcome)
    {
        Create(new NewDevice(Nic, string.Empty));
        if (stored == XenbusState.Unknown)
        {
            _store.Run(access => new DirectoryWriter(access, Guest).Destroy());
        }

        ServedDirectory served = new(_store, Guest) { State = XenbusState.Connected };
        served.PublishDevice(0, new(0, 0, 0, 0));

        Assert.Equal(outcome, (int)served.SwitchState(XenbusState.Closed));
        Assert.Equal(stored, Reader(_store).ReadBackendState());
        Assert.Null(_store.Read(StoreKeys.In(StoreKeys.BackendOf(Guest), StoreKeys.GuestAddress(0))));
        Assert.Equal(XenbusState.Connected, served.State);
    }

    [Fact]
    public void Devices_behind_one_that_goes_move_down_with_all_their_keys()
    {
        Create(new(Nic, "a=1", Name: "nic"), new(Disk, "b=2", RequestedDevfn: 0x18, Name: "disk"), new(Sound, "c=3"));
        ServedDirectory served = new(_store, Guest) { State = XenbusState.Initialising };
        served.PublishDevice(1, new(0, 0, 3, 0));

        Assert.Equal(2, _store.Run(access => new DirectoryWriter(access, Guest).RemoveDevices([Nic])));

        string backend = StoreKeys.BackendOf(Guest);
        Assert.Equal(
            ["dev-0", "dev-1", "key-0", "key-1", "name-0", "num_devs", "opts-0", "opts-1", "state-0", "state-1", "vdev-0", "vdevfn-0"],
            _store.Directory(backend)!.Where(static key => key.Contains('-', StringComparison.Ordinal) || key == "num_devs")
                .Except(["frontend-id"]).Order(StringComparer.Ordinal));
        Assert.Equal(("disk", "b=2", "c=3"), (_store.Read($"{backend}/name-0"), _store.Read($"{backend}/opts-0"), _store.Read($"{backend}/opts-1")));
        Assert.Equal(-1, _store.Run(access => new DirectoryWriter(access, GuestId.Of(8)).RemoveDevices([Nic])));
    }

    [Theory]
    [InlineData(null, 0, "num_devs is missing")]
    [InlineData("many", 0, "num_devs is not a number: 'many'")]
    [InlineData("257", 256, "num_devs 257 is more than 256")]
    [InlineData("4294967295", 256, "num_devs 4294967295 is more than 256")]
    [InlineData("0", 0, null)]
    public void A_count_that_cannot_be_believed_is_said_and_bounded(string? count, int devices, string? error)
    {
        _store.Run(access => new DirectoryWriter(access, Guest).Create());
        if (count is not null)
        {
            _store.Write(StoreKeys.In(StoreKeys.BackendOf(Guest), StoreKeys.DeviceCount), count);
        }

        GuestDirectory seen = Reader(_store).ReadServed();

        Assert.Equal((true, count is not null, devices, error), (seen.Exists, seen.HasDeviceCount, seen.Devices.Count, seen.DevicesError));
    }

    /// <summary>Each is a round trip through xenstored. A device's keys that are not there are not asked for; those of no interest neither.</summary>
    [Theory]
    [InlineData(0, "served", 6)]
    [InlineData(1, "served", 11)]
    [InlineData(2, "served", 15)]
    [InlineData(0, "toolstack", 4)]
    [InlineData(1, "toolstack", 8)]
    [InlineData(2, "toolstack", 11)]
    [InlineData(2, "states", 2)]
    public void Reading_asks_for_what_is_there_and_wanted(int devices, string what, int requests)
    {
        Create([.. new[] { new NewDevice(Nic, "a=1"), new NewDevice(Disk, "b=2") }.Take(devices)]);
        if (devices == 0)
        {
            _store.Write(StoreKeys.In(StoreKeys.BackendOf(Guest), StoreKeys.DeviceCount), "0");
        }

        ServedDirectory served = new(_store, Guest) { State = XenbusState.Initialising };
        for (int i = 0; i < devices; i++)
        {
            served.PublishDevice(i, new(0, 0, (byte)i, 0));
        }

        _platform.Before = (_, _) => _requests++;
        switch (what)
        {
            case "served":
                Reader(_store).ReadServed();
                break;
            case "toolstack":
                DirectoryReader.Read(_store, Guest);
                break;
            default:
                Reader(_store).ReadStates();
                break;
        }

        Assert.Equal(requests, _requests);
    }

    private static DirectoryReader Reader(IXenStoreAccess store) => new(store, Guest);

    private void Create(params NewDevice[] devices) => _store.Run(access =>
    {
        DirectoryWriter writer = new(access, Guest);
        writer.Create();
        for (int i = 0; i < devices.Length; i++)
        {
            writer.AddDevice(i, devices[i]);
        }
    });
}

using System.Text;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>
/// A guest's two directories: lines of KEY=VALUE, in the backend's directory, or with a &gt; before them in the frontend's. Whatever they hold is read or
/// complained about in a bounded number of requests, in words that can be printed.
/// </summary>
internal sealed class StoreTarget : FuzzTarget
{
    private const int MostReads = 64 + (8 * GuestDirectory.MaxDevices);

    private static readonly GuestId Guest = GuestId.Of(7);

    internal override string Name => "store";

    internal override IEnumerable<byte[]> Seeds()
    {
        string frontend = StoreKeys.FrontendOf(Guest);
        string[] backend =
        [
            $"{StoreKeys.Frontend}={frontend}", $"{StoreKeys.FrontendId}=7", $"{StoreKeys.Online}=1", $"{StoreKeys.State}=4", $"{StoreKeys.DeviceCount}=1",
            $"{StoreKeys.Device(0)}=0000:03:00.0", $"{StoreKeys.DeviceState(0)}=4", $"{StoreKeys.GuestAddress(0)}=0000:00:00.0",
        ];
        string[] keys = [$">{StoreKeys.PageReference}=8", $">{StoreKeys.EventChannel}=11", $">{StoreKeys.Magic}=7", $">{StoreKeys.State}=3"];
        string options = $"{StoreKeys.Options(0)}=msitranslate=0,power_mgmt=0,permissive=1,rdm_policy=strict";
        string[][] seeds =
        [
            backend, [.. backend, .. keys, options], keys, [.. backend, $"{StoreKeys.RequestedDevfn(0)}=0x28", $"{StoreKeys.Root(0)}=0000:00"],
            [.. backend[..4], $"{StoreKeys.DeviceCount}=257"], [$"{StoreKeys.DeviceCount}=x", .. keys[1..]], [options, options[..20]],
        ];
        return seeds.Select(static lines => Encoding.Latin1.GetBytes(string.Join('\n', lines)));
    }

    internal override string Run(ReadOnlySpan<byte> input)
    {
        var store = new FedStore(StoreKeys.BackendOf(Guest), StoreKeys.FrontendOf(Guest), Encoding.Latin1.GetString(input));
        var reader = new DirectoryReader(store, Guest);
        GuestDirectory served = reader.ReadServed();
        GuestDirectory whole = reader.ReadBoth();
        Require(served.Exists == whole.Exists && served.Devices.Count == whole.Devices.Count, "two readings of the same directory differ");
        Judge(served.DevicesError);
        Judge(served.FrontendError);
        foreach (DeviceKeys device in served.Devices)
        {
            JudgeAddress(device.HostText, device.Host);
            Judge(ToolstackOptions.Parse(StoreKeys.Options(device.Index), device.Options)?.Complaint);
        }

        _ = reader.ReadDeviceCount();
        _ = StoreFormats.TryParseRoot(store.Read(StoreKeys.In(StoreKeys.BackendOf(Guest), StoreKeys.Root(0))), out _);
        var keys = FrontendKeys.Read(store, StoreKeys.FrontendOf(Guest));
        string? wrong = keys.Check(out uint reference, out int port);
        Judge(wrong);
        Require(wrong is not null || FrontendKeys.Of(reference, port).Check(out uint again, out int samePort) is null
            && (again, samePort) == (reference, port), "keys that were accepted are not when they are written anew");
        Require(store.Reads <= MostReads, $"{store.Reads} reads of one guest's directories");
        return wrong is null && served.FrontendError is null ? "accepted" : "refused";
    }

    private static void JudgeAddress(string? text, PciAddress? address)
    {
        Require(address is null || StoreFormats.TryParseAddress(address.Value.ToString(), out PciAddress again) && again == address,
            $"'{text}' is read as {address}, which is not read as the same");
    }

    // What a guest wrote goes to xenstore's error node and to the log.
    private static void Judge(string? complaint)
    {
        Require(complaint is null || complaint.Length <= 2 * StoreFormats.MaxErrorLength, $"a complaint of {complaint?.Length} characters");
        Require(complaint is null || !complaint.Any(char.IsControl), "a complaint with control characters");
    }
}

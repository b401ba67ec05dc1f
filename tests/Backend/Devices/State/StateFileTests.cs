using System.Text.Json;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.State;

/// <summary>The state file outlives the program: what an earlier one wrote is read.</summary>
public sealed class StateFileTests
{
    // As written by the first program that had a state file.
    private const string First = """
        {
          "version": 1,
          "devices": [
            {
              "address": "0000:03:00.0",
              "identity": {
                "vendor_id": 32902, "device_id": 4307, "subsystem_vendor_id": 6900, "subsystem_id": 4352, "class_code": 131072, "path": "pci0000:00/1c.0/00.0"
              },
              "boot_id": "0c2f6b1e",
              "name": "wan,1",
              "original_driver": "e1000e",
              "original_override": null,
              "was_hidden": false,
              "changed": [ { "function": "0000:00:1c.0", "attribute": "power/control", "before": "auto" } ],
              "is_enabled": true,
              "line": 20,
              "is_msix_prepared": true,
              "original": { "registers": [ { "name": "Command", "offset": 4, "size": 2, "mask": 1351, "clear_on_one": 0, "value": 1287 } ] },
              "clean": { "registers": [ { "name": "Command", "offset": 4, "size": 2, "mask": 1351, "clear_on_one": 0, "value": 259 } ] },
              "warnings": [ "it shares its line" ],
              "is_reset_optional": false
            }
          ]
        }
        """;

    [Fact]
    public void A_state_directory_that_others_may_write_into_is_refused_unread_and_unwritten()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["state"]);
        File.SetUnixFileMode(folder["state"], (UnixFileMode)0x1FF);
        folder.Write("state/devices.json", First);

        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => new StateFile(folder["state"]).Read()).Failure);
        BackendException refused = Assert.Throws<BackendException>(() => new StateFile(folder["state"]).Write([]));

        Assert.Equal(BackendFailure.Refused, refused.Failure);
        Assert.Contains($"chmod go-w {folder["state"]}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(First, File.ReadAllText(folder["state/devices.json"]));
    }

    [Theory]
    [InlineData("devices.json")]
    [InlineData("devices.json.new")]
    public void A_link_in_the_state_files_place_is_refused_and_what_it_leads_to_is_left_alone(string name)
    {
        using TemporaryFolder folder = new();
        string precious = folder.Write("precious", First);
        Directory.CreateDirectory(folder["state"]);
        File.CreateSymbolicLink(folder[$"state/{name}"], precious);

        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => new StateFile(folder["state"]).Write([])).Failure);
        Assert.Equal(First, File.ReadAllText(precious));
    }

    [Fact]
    public void The_file_of_the_first_program_is_read()
    {
        using TemporaryFolder folder = new();
        folder.Write("devices.json", First);

        HeldRecord record = Assert.Single(new StateFile(folder["."]).Read());

        Assert.Equal(
            (PciAddress.Parse("03:00.0"), "wan,1", "e1000e", null, "0c2f6b1e"),
            (record.Address, record.Name, record.OriginalDriver, record.OriginalOverride, record.BootId));
        DeviceIdentity card = record.Identity;
        Assert.Equal(
            (0x8086, 0x10D3, 0x020000u, "pci0000:00/1c.0/00.0", null),
            (card.VendorId, card.DeviceId, card.ClassCode, card.Path, card.SerialNumber));
        Assert.Equal(new ChangedAttribute(PciAddress.Parse("00:1c.0"), "power/control", "auto"), Assert.Single(record.Changed));
        Assert.Equal((true, 20, true, true), (record.IsEnabled, record.Line, record.IsMsixPrepared, record.IsComplete));
        Assert.Equal(0x0507u, Assert.Single(record.Original!.Registers).Value);
        Assert.Equal(0x0103u, Assert.Single(record.Clean!.Registers).Value);
        Assert.Equal(["it shares its line"], record.Warnings);
    }

    [Fact]
    public void Every_key_is_of_one_case()
    {
        using FakeHost host = new();
        host.AddNic("03:00.0");
        using (Backend.Devices.DeviceCustody custody = host.Open())
        {
            custody.Take(PciAddress.Parse("03:00.0"), "wan", force: false);
        }

        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(host.Folder("state"), "devices.json")));
        string[] keys = [.. Keys(document.RootElement).Distinct()];

        Assert.Contains("original_driver", keys);
        Assert.All(keys, static key => Assert.Matches("^[a-z0-9]+(_[a-z0-9]+)*$", key));
    }

    private static IEnumerable<string> Keys(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(static property => Keys(property.Value).Prepend(property.Name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Keys),
        _ => [],
    };
}

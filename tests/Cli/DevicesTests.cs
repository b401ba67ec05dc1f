using System.Text.Json;

namespace PciBackFlow.Cli.Tests;

public sealed class DevicesTests
{
    [Fact]
    public void All_names_every_function_of_this_host()
    {
        if (!Directory.Exists("/sys/bus/pci/devices") || Directory.GetFileSystemEntries("/sys/bus/pci/devices").Length == 0)
        {
            return; // Without PCI there is nothing to name.
        }

        Assert.Equal(CliRun.OfLine("devices").Succeeded().Output, CliRun.OfLine("devices --device all").Succeeded().Output);
        Assert.DoesNotContain("defect", CliRun.OfLine("guest-view --device all").Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_captured_function_is_listed_with_ids_name_and_capabilities()
    {
        string table = CliRun.OfLine("devices --builtin e1000e").Succeeded().Output;

        Assert.Matches(@"0000:00:04\.0 +8086:10d3 +Ethernet controller: Intel.* PM MSI EXP MSIX .*AER.* yes", table);
        Assert.All(table.Split('\n'), line => Assert.Equal(line.TrimEnd(), line.TrimEnd('\r')));
    }

    [Fact]
    public void Json_holds_every_field_with_its_type()
    {
        JsonElement row = Assert.Single(CliRun.OfLine("devices --builtin e1000e --json").Json().EnumerateArray());

        (string Name, JsonValueKind Kind)[] fields =
        [
            ("address", JsonValueKind.String), ("vendor_id", JsonValueKind.String), ("device_id", JsonValueKind.String),
            ("class", JsonValueKind.String), ("revision", JsonValueKind.String), ("description", JsonValueKind.String),
            ("kind", JsonValueKind.String), ("size", JsonValueKind.Number), ("readable_size", JsonValueKind.Number),
            ("driver", JsonValueKind.Null), ("capabilities", JsonValueKind.Array), ("capability_defects", JsonValueKind.Array),
            ("reset_methods", JsonValueKind.Array), ("used_by", JsonValueKind.Array), ("assignable", JsonValueKind.True), ("reasons", JsonValueKind.Array),
        ];
        Assert.All(fields, field => Assert.Equal(field.Kind, row.GetProperty(field.Name).ValueKind));
        Assert.Equal("8086", row.GetProperty("vendor_id").GetString());
        Assert.Equal("10d3", row.GetProperty("device_id").GetString());
        Assert.Equal(4096, row.GetProperty("size").GetInt32());
        JsonElement aer = row.GetProperty("capabilities").EnumerateArray().Single(capability => capability.GetProperty("name").GetString() == "AER");
        Assert.Equal(0x100, aer.GetProperty("offset").GetInt32());
        Assert.True(aer.GetProperty("extended").GetBoolean());
    }

    [Theory]
    [InlineData("--builtin root-port", "it is a PCI-to-PCI bridge")]
    [InlineData("--from-dump {cardbus}", "it is a CardBus bridge")]
    public void What_no_guest_can_be_given_says_why(string source, string reason)
    {
        using var folder = new TemporaryFolder();
        string line = "devices --json " + source.Replace("{cardbus}", folder.Write("cardbus.txt", FailureTests.CardBusDump), StringComparison.Ordinal);

        JsonElement row = Assert.Single(CliRun.OfLine(line).Json().EnumerateArray());

        Assert.False(row.GetProperty("assignable").GetBoolean());
        Assert.Equal(reason, row.GetProperty("reasons")[0].GetString());
    }

    [Fact]
    public void This_hosts_functions_are_listed_as_far_as_it_has_any()
    {
        string?[] rows = CliRun.OfLine("devices --json").Json().EnumerateArray().Select(row => row.GetProperty("address").GetString()).ToArray();

        string[] listed = Directory.Exists("/sys/bus/pci/devices")
            ? Directory.GetFileSystemEntries("/sys/bus/pci/devices").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToArray()
            : [];
        Assert.Equal(listed, rows);
    }

    [Fact]
    public void A_capture_of_this_host_is_read_back()
    {
        if (!Directory.Exists("/sys/bus/pci/devices") || Directory.GetFileSystemEntries("/sys/bus/pci/devices") is not [var first, ..])
        {
            Assert.Skip("needs a host with PCI functions in sysfs");
            return;
        }

        using var folder = new TemporaryFolder();
        string address = Path.GetFileName(first);
        CliRun capture = CliRun.Of("devices", "capture", address, folder["capture.txt"]).Succeeded();
        Assert.Empty(capture.Output);

        JsonElement live = Assert.Single(CliRun.Of("devices", "--json", "--device", address).Json().EnumerateArray());
        JsonElement captured = Assert.Single(CliRun.Of("devices", "--json", "--from-dump", folder["capture.txt"]).Json().EnumerateArray());
        Assert.All(
            ["address", "vendor_id", "device_id", "class", "readable_size"],
            name => Assert.Equal(live.GetProperty(name).ToString(), captured.GetProperty(name).ToString()));
    }
}

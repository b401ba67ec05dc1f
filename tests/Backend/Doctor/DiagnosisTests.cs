using System.Buffers.Binary;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Doctor;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor.Xen;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Backend.Tests.Doctor;

/// <summary>What doctor finds of a host, and that it changes nothing.</summary>
public sealed class DiagnosisTests : IDisposable
{
    private const string Nic = "0000:00:04.0";

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private readonly FakeHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void On_a_host_where_all_is_well_nothing_is_refused_and_nothing_changed()
    {
        _host.AddNic(Nic);
        string before = _host.Everything();

        DoctorReport report = Diagnosis.Of(Healthy(), Address);

        Assert.Equal("ok", report.Verdict);
        Assert.All(
            ["control-domain", "xen-library", "xen-version", "iommu", "interrupt-remapping", "assignable"],
            code => Assert.Equal(FindingSeverity.Ok, SeverityOf(report, code)));
        Assert.Equal(Nic, Assert.Single(report.Devices).Address);
        Assert.Equal(before, _host.Everything());
        Assert.Empty(_host.Happened);
    }

    [Fact]
    public void Every_finding_has_a_reason_and_evidence_and_a_code_that_is_known()
    {
        _host.AddNic(Nic);
        _host.AddPort("00:1c.0");
        Examination host = Healthy() with { Domains = null, WhyNotAsked = "permission denied", WhyNoDaemon = "no daemon answers", DaemonProcess = null };

        DoctorReport report = Diagnosis.Of(host);

        Assert.All(report.Findings, finding =>
        {
            Assert.NotEmpty(finding.Reason);
            Assert.NotEmpty(finding.Evidence);
            Assert.True(Diagnosis.Codes.ContainsKey(finding.Code) || report.Devices.Count == 0, finding.Code);
        });
        Assert.Equal("could_not_look", report.Verdict);
        Assert.Contains(report.Findings, static finding => finding is { Code: "xen-not-asked", Looked: false });
    }

    [Theory]
    [InlineData("no-xen", XenHostKind.None)]
    [InlineData("kernel-backend", XenHostKind.ControlPv)]
    [InlineData("pvh-control-domain", XenHostKind.ControlPvh)]
    public void What_keeps_the_daemon_from_serving_is_a_refusal_with_its_remedy(string code, XenHostKind kind)
    {
        DoctorReport report = Diagnosis.Of(Healthy() with { Xen = new(kind, "4.20.0", [new(code, "it is so", "do this")]) });

        Finding found = Assert.Single(report.Findings, finding => finding.Code == code);
        Assert.Equal((FindingSeverity.Refusal, "it is so", "do this"), (found.Severity, found.Reason, found.Remedy));
        Assert.Equal("refused", report.Verdict);
    }

    [Theory]
    [InlineData("4.17.7", FindingSeverity.Ok, FindingSeverity.Information)]
    [InlineData("4.21-rc1", FindingSeverity.Ok, FindingSeverity.Ok)]
    [InlineData("4.16.0", FindingSeverity.Refusal, FindingSeverity.Information)]
    [InlineData("9.1.0", FindingSeverity.Refusal, FindingSeverity.Ok)]
    public void A_release_of_xen_is_known_or_refused_and_may_number_lives(string version, FindingSeverity known, FindingSeverity numbered)
    {
        DoctorReport report = Diagnosis.Of(Healthy() with { Xen = new(XenHostKind.ControlPv, version, []) });

        Assert.Equal(known, SeverityOf(report, "xen-version"));
        Assert.Equal(numbered, SeverityOf(report, "unique-id"));
    }

    [Fact]
    public void A_library_that_is_missing_is_a_refusal() =>
        Assert.Equal(FindingSeverity.Refusal, SeverityOf(Diagnosis.Of(Healthy() with { Library = null }), "xen-library"));

    [Theory]
    [InlineData(0u, FindingSeverity.Refusal)]
    [InlineData(1000u, FindingSeverity.Information)]
    public void A_directory_that_others_write_into_is_refused_by_who_can_tell(uint user, FindingSeverity severity)
    {
        Directory.CreateDirectory(_host.Folder("state"));
        File.SetUnixFileMode(_host.Folder("state"), (UnixFileMode)0b111_111_111);

        Assert.Equal(severity, SeverityOf(Diagnosis.Of(Healthy() with { User = user, Xen = null }), "state-directory"));
    }

    [Theory]
    [InlineData("A=1\0FDSTORE=512\0NOTIFY_SOCKET=/run/x\0", FindingSeverity.Ok, "keeps descriptors")]
    [InlineData("NOTIFY_SOCKET=/run/x\0", FindingSeverity.Information, "keeps no descriptors")]
    [InlineData("A=1\0", FindingSeverity.Information, "no service manager")]
    public void The_daemons_environment_tells_of_a_descriptor_store(string environment, FindingSeverity severity, string text)
    {
        _host.Proc("4711/environ", environment);

        Finding found = Assert.Single(Diagnosis.Of(Healthy() with { DaemonProcess = 4711 }).Findings, static finding => finding.Code == "descriptor-store");

        Assert.Equal(severity, found.Severity);
        Assert.Contains(text, found.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_card_in_a_held_ones_place_is_found()
    {
        _host.AddNic(Nic);
        using (DeviceCustody custody = _host.Open())
        {
            custody.Take(Address, null, force: false);
        }

        Assert.Equal(FindingSeverity.Ok, SeverityOf(Diagnosis.Of(Healthy()), "identity"));
        _host[Nic].Edit(static config => config[2] ^= 0xFF);

        Finding found = Assert.Single(Diagnosis.Of(Healthy()).Findings, static finding => finding.Code == "identity");

        Assert.Equal(FindingSeverity.Refusal, found.Severity);
        Assert.Contains("another card is in its place", found.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, FindingSeverity.Information)]
    [InlineData(2, FindingSeverity.Refusal)]
    public void Memory_that_firmware_reserves_for_a_device_is_told_and_refused_when_it_is_shared(int devices, FindingSeverity severity)
    {
        _host.AddNic(Nic);
        Reserve(devices);

        Finding found = Assert.Single(Diagnosis.Of(Healthy(), Address).Findings, static finding => finding.Code == "reserved-memory");

        Assert.Equal((severity, Nic), (found.Severity, found.Device));
        Assert.Contains("0xdb000000 to 0xdbffffff", found.Reason, StringComparison.Ordinal);
    }

    // AMD I/O Virtualization Technology, "IVMD": for all functions, and for those of a range.
    [Theory]
    [InlineData(0x20)]
    [InlineData(0x22)]
    public void Memory_that_amds_firmware_reserves_for_many_is_told_and_nothing_refused(byte type)
    {
        _host.AddNic(Nic);
        byte[] table = new byte[48 + 32];
        "IVRS"u8.CopyTo(table);
        (table[48], table[50], table[54]) = (type, 32, 0xFF);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(64), 0xDB00_0000);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(72), 0x0100_0000);
        WriteTable("IVRS", table);

        DoctorReport report = Diagnosis.Of(Healthy(), Address);

        Finding found = Assert.Single(report.Findings, static finding => finding.Code == "reserved-memory");
        Assert.Equal((FindingSeverity.Information, Nic), (found.Severity, found.Device));
        Assert.Contains("0xdb000000 to 0xdbffffff", found.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("refuses", found.Reason, StringComparison.Ordinal);
        Assert.Null(found.Remedy);
        Assert.Equal("ok", report.Verdict);
    }

    [Fact]
    public void Errors_that_firmware_handles_and_errors_that_are_left_over_are_warned_of()
    {
        // The AER capability of QEMU's 82574L is at 0x100; bit 20 of its uncorrectable status is Unsupported Request.
        _host.AddNic(Nic).Edit(static config => BinaryPrimitives.WriteUInt32LittleEndian(config.AsSpan(0x104), 1u << 20));

        DoctorReport report = Diagnosis.Of(Healthy(), Address);

        Assert.Equal(FindingSeverity.Warning, SeverityOf(report, "errors-not-native"));
        Assert.Contains("0x00100000", Assert.Single(report.Findings, static finding => finding.Code == "stale-errors").Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_a_guest_has_is_a_refusal_only_when_it_is_asked_for()
    {
        DeviceReport attached = new()
        {
            Address = Nic, Held = true, Domain = 7, Refusals = [new("attached", "forbidden", "it belongs to domain 7", "its claim", "detach it")],
        };
        Examination inMemory = Healthy() with { Xen = null, Described = [attached] };

        Assert.Equal(FindingSeverity.Information, SeverityOf(Diagnosis.Of(inMemory), "attached"));
        Assert.Equal(FindingSeverity.Refusal, SeverityOf(Diagnosis.Of(inMemory, Address), "attached"));
    }

    [Fact]
    public void Of_a_capture_only_what_the_function_is_can_be_told()
    {
        DoctorReport nic = OfBuiltin("e1000e");
        DoctorReport port = OfBuiltin("root-port");

        Assert.Equal(("ok", "refused"), (nic.Verdict, port.Verdict));
        Assert.Contains(nic.Findings, static finding => finding.Code == "host-unknown");
        Assert.Contains(port.Findings, static finding => finding is { Code: "bridge", Severity: FindingSeverity.Refusal });
    }

    [Fact]
    public void The_page_names_every_code()
    {
        string page = File.ReadAllText(Path.Combine(Root(), "docs", "doctor.md"));

        Assert.All(Diagnosis.Codes.Keys, code => Assert.Contains($"`{code}`", page, StringComparison.Ordinal));
    }

    private static DoctorReport OfBuiltin(string name)
    {
        Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
        using CapturedFunction function = new(capture.Name, capture.Functions[0]);
        return Diagnosis.Of([DeviceReports.Of(function, name)]);
    }

    private static FindingSeverity SeverityOf(DoctorReport report, string code) => Assert.Single(report.Findings, finding => finding.Code == code).Severity;

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "PciBackFlow.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("run within a checkout");
    }

    private Examination Healthy() => new()
    {
        Bus = _host.Bus,
        Proc = _host.Folder("proc"),
        Domains = _host.Domains,
        Xen = new(XenHostKind.ControlPv, "4.20.0", []),
        Library = "/usr/lib/x86_64-linux-gnu/libxencall.so.1.3",
        RunDirectory = _host.Folder("run"),
        StateDirectory = _host.Folder("state"),
    };

    // A DMAR with one RMRR for the NIC, and for others beside it.
    private void Reserve(int devices)
    {
        byte[] table = new byte[48 + 24 + (8 * devices)];
        "DMAR"u8.CopyTo(table);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(48), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(50), (ushort)(24 + (8 * devices)));
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(56), 0xDB00_0000);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(64), 0xDBFF_FFFF);
        for (int i = 0; i < devices; i++)
        {
            (table[72 + (8 * i)], table[73 + (8 * i)], table[78 + (8 * i)]) = (1, 8, (byte)(4 + i));
        }

        WriteTable("XMAR", table);
    }

    private void WriteTable(string name, byte[] table)
    {
        string path = Path.Combine(_host.Bus.Sys, "firmware/acpi/tables", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, table);
    }
}

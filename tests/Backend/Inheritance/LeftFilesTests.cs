using System.Buffers.Binary;
using PciBackFlow.Backend.Tests.Interrupts;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>What lies in the files that one daemon leaves for the next, when it is not what this one writes: older, newer, cut, or anybody's.</summary>
public sealed class LeftFilesTests
{
    private const int Domain = 5;
    private const int HeaderSizeAt = 12;
    private const int FormatAt = 8;
    private const int HeaderSize = 96;

    public static TheoryData<string, Func<byte[], byte[]>> Unusable => new()
    {
        { "empty", static _ => [] },
        { "cut in the header", static file => file[..40] },
        { "cut in the registers", static file => file[..^4] },
        { "longer than its registers", static file => [.. file, 0, 0, 0, 0] },
        { "no register file", static file => With(file, static bytes => bytes[0] ^= 1) },
        { "of a later format", static file => With(file, static bytes => bytes[FormatAt]++) },
        { "a header of 0 bytes", static file => With(file, static bytes => SetHeader(bytes, 0)) },
        { "a header that is longer than the file", static file => With(file, static bytes => SetHeader(bytes, 4096)) },
        { "a header of 4 GiB", static file => With(file, static bytes => SetHeader(bytes, 0xFFFF_FFFC)) },
        { "a header that ends between two words", static file => With(file, static bytes => SetHeader(bytes, HeaderSize + 2)) },
        { "of another domain", static file => With(file, static bytes => bytes[16]++) },
        { "of another life", static file => With(file, static bytes => bytes[24] ^= 1) },
        { "of another boot", static file => With(file, static bytes => bytes[40] ^= 1) },
        { "of another function", static file => With(file, static bytes => bytes[56 + 5] = (byte)'9') },
        { "of no function", static file => With(file, static bytes => bytes[56] = (byte)'x') },
        { "at another place", static file => With(file, static bytes => bytes[72 + 9] = (byte)'7') },
        { "of another length", static file => With(file, static bytes => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), 4096)) },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public void Registers_that_are_not_these_are_begun_anew_and_that_is_said(string what, Func<byte[], byte[]> spoil)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        RestartBench.Mark(frontend);
        bench.Kill();
        string file = FileOf(bench, RestartBench.Nic);
        File.WriteAllBytes(file, spoil(File.ReadAllBytes(file)));
        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.False(RestartBench.IsMarked(frontend), what);
        Assert.Contains(bench.Lines.Warnings, static line => line.Contains("is lost", StringComparison.Ordinal));

        // And from now on they are kept again.
        RestartBench.Mark(frontend);
        bench.KillAndStartNext();
        bench.AwaitServed(Domain);
        Assert.True(RestartBench.IsMarked(frontend));
    }

    /// <summary>A later program may put more into the header: what it does not know this one leaves alone.</summary>
    [Fact]
    public void A_longer_header_is_read_as_far_as_it_is_known()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        RestartBench.Mark(frontend);
        bench.Kill();
        string file = FileOf(bench, RestartBench.Nic);
        byte[] bytes = File.ReadAllBytes(file);
        byte[] longer = [.. bytes[..HeaderSize], .. new byte[32], .. bytes[HeaderSize..]];
        SetHeader(longer, HeaderSize + 32);
        File.WriteAllBytes(file, longer);
        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.True(RestartBench.IsMarked(frontend));
        Assert.Empty(bench.Lines.Warnings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"format":2,"boot":"","domain_id":5,"handle":"00000000-0000-0000-0000-000000000000","device_id":0}""")]
    public void A_guest_that_nothing_readable_was_left_of_is_not_taken_over(string text)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Kill();
        File.WriteAllText(Path.Combine(bench.Left, $"guest-{Domain}-0.json"), text);
        bench.StartNext();
        Bench.Eventually(() => bench.Lines.Warnings.Any(static line => line.Contains("another backend left", StringComparison.Ordinal)), "said");
        Bench.Eventually(() => bench.Snapshot(Domain) is null, "not taken over");
    }

    [Fact]
    public void Members_of_a_later_program_are_ignored()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Kill();
        string file = Path.Combine(bench.Left, $"guest-{Domain}-0.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("{", """{"moon":{"phase":[1,2]},""", StringComparison.Ordinal));
        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.Equal(PciOpStatus.Success, frontend.Read(0, 0, 4).Status);
    }

    [Fact]
    public void What_belongs_to_nobody_is_forgotten_at_the_start()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Kill();
        foreach (string name in new[] { "function-0000:09:00.0", "guest-77-0.json", "function-0000:03:00.0.new", "anything" })
        {
            File.WriteAllText(Path.Combine(bench.Left, name), "{}");
        }

        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.Equal(
            ["function-0000:03:00.0", $"guest-{Domain}-0.json"], Directory.GetFiles(bench.Left).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    /// <summary>What xl wrote for a guest holds for as long as the guest has the device, whoever serves it.</summary>
    [Fact]
    public void What_toolstacks_wrote_into_pcibacks_attributes_holds_on()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Policies.Attributes.SetPermissive(RestartBench.Nic);
        bench.Policies.Attributes.AddQuirk(RestartBench.Nic, new(0xF0, 4, 0xFF00, default));
        Bench.Eventually(() => bench.Snapshot(Domain)!.Functions[0].Policy.Profile.Value == PolicyProfile.Permissive, "permissive");
        bench.Kill();
        bench.Policies = new();
        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.Equal(PolicyProfile.Permissive, bench.Snapshot(Domain)!.Functions[0].Policy.Profile.Value);
        QuirkField quirk = bench.Policies.Attributes.QuirksOf(RestartBench.Nic).Single();
        Assert.Equal((0xF0, 4, 0xFF00u), (quirk.Offset, quirk.Size, quirk.Mask));

        // And ends with it.
        bench.Store.Remove(Path.GetDirectoryName(Bench.BackendPath(Domain))!);
        string file = Path.Combine(bench.Left, "attributes.json");
        Bench.Eventually(() => !File.Exists(file) || !File.ReadAllText(file).Contains("03:00.0", StringComparison.Ordinal), "ended, and written down");
        bench.KillAndStartNext();
        Assert.False(bench.Policies.Attributes.IsPermissive(RestartBench.Nic));
    }

    [Fact]
    public void Attributes_without_devices_keep_no_daemon_from_starting()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        bench.Policies.Attributes.SetPermissive(RestartBench.Nic);
        bench.Kill();
        string file = Path.Combine(bench.Left, "attributes.json");
        string text = File.ReadAllText(file);
        File.WriteAllText(file, $"{text[..text.IndexOf('[', StringComparison.Ordinal)]}null}}");
        bench.StartNext();
        bench.AwaitServed(Domain);
        Assert.Contains(bench.Lines.Warnings, static line => line.Contains("attributes.json", StringComparison.Ordinal));
    }

    private static string FileOf(RestartBench bench, PciAddress host) => Path.Combine(bench.Left, $"function-{host}");

    private static void SetHeader(byte[] bytes, uint size) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(HeaderSizeAt), size);

    private static byte[] With(byte[] file, Action<byte[]> change)
    {
        byte[] changed = [.. file];
        change(changed);
        return changed;
    }
}

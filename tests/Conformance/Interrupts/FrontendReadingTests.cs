using System.Diagnostics;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Conformance.Tests.Interrupts;

/// <summary>The replies to interrupt operations as each frontend reads them, over the real page.</summary>
/// <remarks>
/// Origin: Linux drivers/pci/xen-pcifront.c (pci_frontend_enable_msi, pci_frontend_enable_msix); the XenLinux frontend's multi-message request
/// (xen/include/public/io/pciif.h, XEN_PCI_OP_enable_multi_msi); mini-os pcifront.c.
/// </remarks>
public sealed class FrontendReadingTests : IDisposable
{
    private const int InvalidArgument = -22;
    private const int OperationFailed = -5;
    private const uint EnableMultiMsi = 10;
    private static readonly PciAddress s_host = new(0, 3, 0, 0);

    private readonly LoopbackHost _loopback = new();
    private readonly LoopbackToolstack _toolstack;
    private readonly ExclusiveFunctions _functions;
    private readonly BackendHost _backend;
    private readonly IEventChannels _channels;
    private readonly SimulatedGuest _guest;

    public FrontendReadingTests()
    {
        _functions = new([new EmulatedFunctionBuilder(0x8086, 0x10FB)
            .Set(ConfigRegisters.Command, 2, CommandBits.Memory)
            .Set(ConfigRegisters.ClassCode, 4, 0x00_02_00_00)
            .Set(ConfigRegisters.InterruptLine, 2, 0x010B)
            .BaseAddress(0, 0xFB00_0000, 0x4000)
            .Capability(0x50, CapabilityId.Msi, [0x84, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            .Capability(0xA0, CapabilityId.MsiX, [0xFF, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00, 0x30, 0x00, 0x00])
            .Build(s_host)]);
        _toolstack = new(_loopback);
        _backend = new(new BackendOptions { Hypervisor = _loopback.BackendView, FunctionSource = _functions });
        _backend.Start();
        _toolstack.CreateGuest(1, s_host);
        _toolstack.Assign(1, s_host);
        LoopbackHypervisor view = _loopback.ViewOf(1);
        _channels = view.OpenEventChannels();
        _guest = new(view, _channels, FrontendKind.MiniOs, FrontendTiming.Linux);
        _guest.Publish();
        Assert.True(_guest.TryConnect(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void MSI_is_a_positive_vector_for_all_of_them()
    {
        FrontendAnswer answer = Ask(FrontendRequest.EnableMsi);
        Assert.True(LinuxMsi(answer) > 0);
        Assert.Equal(_loopback.Passthrough.PirqsOf(1).Single().Number, LinuxMsi(answer));
        Assert.Equal((int)answer.Value, LinuxMsi(answer));
    }

    [Fact]
    public void MSI_that_fails_is_no_vector_for_any_of_them()
    {
        Ask(FrontendRequest.EnableMsi);
        FrontendAnswer again = Ask(FrontendRequest.EnableMsi);
        Assert.Equal(InvalidArgument, LinuxMsi(again));
        Assert.Equal((OperationFailed, 0u), (again.Status, again.Value));
    }

    // Linux' own frontend refuses more than 128 before it asks; others may not.
    [Theory]
    [InlineData(0u, InvalidArgument)]
    [InlineData(1u, 0)]
    [InlineData(128u, 0)]
    [InlineData(129u, InvalidArgument)]
    [InlineData(uint.MaxValue, InvalidArgument)]
    public void MSI_X_succeeds_with_value_0_or_fails_with_a_protocol_code_and_the_errno(uint count, int detail)
    {
        _guest.Frontend!.Page.SetEntries([.. Enumerable.Range(0, (int)Math.Min(count, 128)).Select(i => (ushort)(2 * i))]);

        FrontendAnswer answer = Ask(FrontendRequest.EnableMsix, count);

        if (detail == 0)
        {
            Assert.Equal(0, LinuxMsix(answer, (int)count));
            Assert.Equal(_loopback.Passthrough.PirqsOf(1).Select(pirq => pirq.Number), Vectors((int)count).Order());
            return;
        }

        Assert.Equal((OperationFailed, unchecked((uint)detail)), (answer.Status, answer.Value));
        Assert.Equal(OperationFailed, LinuxMsix(answer, 0));
        Assert.Empty(_loopback.Passthrough.PirqsOf(1));
    }

    [Fact]
    public void The_vectors_of_a_failed_request_are_the_guests_own()
    {
        Ask(FrontendRequest.EnableMsi);
        _guest.Frontend!.Page.SetEntries([0, 1, 2]);
        FrontendAnswer answer = Ask(FrontendRequest.EnableMsix, 3);
        Assert.Equal((OperationFailed, unchecked((uint)-6)), (answer.Status, answer.Value));
        Assert.All(Vectors(3), vector => Assert.Equal(0xFFFF, vector));
    }

    [Theory]
    [InlineData(FrontendRequest.DisableMsi)]
    [InlineData(FrontendRequest.DisableMsix)]
    public void Disabling_never_fails_and_names_the_line(uint command)
    {
        Assert.Equal(new FrontendAnswer(0, 0x0B, 0), Ask(command));
        Ask(FrontendRequest.EnableMsi);
        Assert.Equal(new FrontendAnswer(0, 0x0B, 0), Ask(command));
        Assert.Empty(_loopback.Passthrough.PirqsOf(1));
    }

    // XenLinux asks once more with what it is told, if that is between one and what it wanted; else for one.
    [Theory]
    [InlineData(2u, 2u)]
    [InlineData(4u, 4u)]
    [InlineData(8u, 4u)]
    [InlineData(3u, 3u)]
    [InlineData(32u, 4u)]
    public void A_frontend_that_wants_several_messages_ends_with_as_many_as_there_are(uint wanted, uint got)
    {
        FrontendAnswer answer = Ask(EnableMultiMsi, info: wanted);
        if (answer.Status != 0)
        {
            Assert.InRange(answer.Info, 2u, wanted - 1);
            wanted = answer.Info;
            answer = Ask(EnableMultiMsi, info: wanted);
        }

        Assert.Equal((0, got), (answer.Status, wanted));
        int[] mapped = [.. _loopback.Passthrough.PirqsOf(1).Select(pirq => pirq.Number)];
        Assert.Equal(Enumerable.Range((int)answer.Value, mapped.Length), mapped);
        Assert.True(mapped.Length >= got);
    }

    public void Dispose()
    {
        _backend.Dispose();
        _guest.Dispose();
        _channels.Dispose();
        _toolstack.Dispose();
        _functions.Dispose();
    }

    private static int LinuxMsi(FrontendAnswer answer) => answer.Status != 0 || (int)answer.Value <= 0 ? InvalidArgument : (int)answer.Value;

    private int LinuxMsix(FrontendAnswer answer, int count)
    {
        if (answer.Status != 0)
        {
            return answer.Status;
        }

        if (answer.Value != 0)
        {
            return (int)answer.Value;
        }

        return Vectors(count).Any(vector => vector == 0) ? InvalidArgument : 0;
    }

    private int[] Vectors(int count) => [.. Enumerable.Range(0, count).Select(i => (int)_guest.Frontend!.Page.VectorOf(i))];

    private FrontendAnswer Ask(uint command, uint value = 0, uint info = 0)
    {
        SimulatedFrontend frontend = _guest.Frontend!;
        frontend.Post(new() { Command = command, Value = value, Info = info, Devfn = _guest.Functions[0].Guest.Devfn }, Stopwatch.GetTimestamp());
        long start = Environment.TickCount64;
        while (frontend.Look(Stopwatch.GetTimestamp(), signalled: true) != FrontendOutcome.Answered)
        {
            Assert.True(Environment.TickCount64 - start < 10_000, "no answer within 10 s");
            Thread.Sleep(0);
        }

        return frontend.Answer;
    }
}

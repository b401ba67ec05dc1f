using System.Diagnostics;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

/// <summary>Whatever a guest writes gets a status, is counted, and throws nothing.</summary>
public sealed class BadInputTests
{
    // Size, offset, status. Origin: Linux xen-pciback conf_space.c valid_request(), and the limits that Linux leaves to the PCI core (XSA-independent).
    public static TheoryData<int, int, PciOpStatus> Accesses => new()
    {
        { 1, 0, PciOpStatus.Success },
        { 1, 3, PciOpStatus.Success },
        { 2, 2, PciOpStatus.Success },
        { 4, 0, PciOpStatus.Success },
        { 1, 255, PciOpStatus.Success },
        { 2, 254, PciOpStatus.Success },
        { 4, 252, PciOpStatus.Success },
        { 0, 0, PciOpStatus.InvalidOffset },
        { 3, 0, PciOpStatus.InvalidOffset },
        { 5, 0, PciOpStatus.InvalidOffset },
        { 8, 0, PciOpStatus.InvalidOffset },
        { -1, 0, PciOpStatus.InvalidOffset },
        { -4, 0, PciOpStatus.InvalidOffset },
        { int.MinValue, 0, PciOpStatus.InvalidOffset },
        { int.MaxValue, 0, PciOpStatus.InvalidOffset },
        { 2, 1, PciOpStatus.InvalidOffset },
        { 4, 1, PciOpStatus.InvalidOffset },
        { 4, 2, PciOpStatus.InvalidOffset },
        { 4, 3, PciOpStatus.InvalidOffset },
        { 4, -4, PciOpStatus.InvalidOffset },
        { 1, -1, PciOpStatus.InvalidOffset },
        { 4, int.MinValue, PciOpStatus.InvalidOffset },
        { 4, int.MaxValue, PciOpStatus.InvalidOffset },
        { 4, int.MaxValue - 3, PciOpStatus.InvalidOffset },
        { 1, int.MaxValue, PciOpStatus.InvalidOffset },
        { 1, 256, PciOpStatus.InvalidOffset },
        { 2, 256, PciOpStatus.InvalidOffset },
        { 4, 256, PciOpStatus.InvalidOffset },
        { 4, 4096, PciOpStatus.InvalidOffset },
    };

    // Segment, bus, devfn: the guest has only 0000:00:00.0.
    public static TheoryData<uint, uint, uint> AbsentFunctions => new()
    {
        { 0, 0, 1 },
        { 0, 0, 255 },
        { 0, 0, 256 },
        { 0, 0, uint.MaxValue },
        { 0, 1, 0 },
        { 0, 255, 0 },
        { 0, 256, 0 },
        { 0, 0x10000, 0 },
        { 0, uint.MaxValue, 0 },
        { 1, 0, 0 },
        { 0x10000, 0, 0 },
        { uint.MaxValue, uint.MaxValue, uint.MaxValue },
    };

    [Theory]
    [MemberData(nameof(Accesses))]
    public void A_read_gets_the_status_of_its_size_and_offset(int size, int offset, PciOpStatus expected)
    {
        using var guest = new TestGuest();

        PciOpRequest answer = guest.Serve(TestGuest.Read(offset, size));

        Assert.Equal(expected, answer.Error);
        if (expected != PciOpStatus.Success)
        {
            Assert.Equal(0u, answer.Value);
            Assert.Equal(0, guest.Hardware.Accesses);
            Assert.Equal(1, guest.Counters.InvalidOffset);
        }

        Assert.True(guest.Page.Frontend.IsAnswered);
        Assert.Equal(1, guest.Notifications);
    }

    [Theory]
    [MemberData(nameof(Accesses))]
    public void A_write_gets_the_status_of_its_size_and_offset(int size, int offset, PciOpStatus expected)
    {
        using var guest = new TestGuest();

        PciOpRequest answer = guest.Serve(TestGuest.Write(offset, size, 0xA5A5A5A5));

        Assert.Equal(expected, answer.Error);
        Assert.Equal(0xA5A5A5A5, answer.Value);
        Assert.Equal(1, guest.Notifications);
    }

    [Theory]
    [MemberData(nameof(AbsentFunctions))]
    public void An_absent_function_is_not_found_whatever_else_is_wrong(uint domain, uint bus, uint devfn)
    {
        using var guest = new TestGuest();
        foreach (uint command in new uint[] { 0, 1, 2, 4, 6, 10, 11, uint.MaxValue })
        {
            PciOpRequest request = TestGuest.Read(-1, 3);
            (request.Command, request.Domain, request.Bus, request.Devfn) = ((PciOpCode)command, domain, bus, devfn);

            Assert.Equal(PciOpStatus.DeviceNotFound, guest.Serve(request).Error);
        }

        Assert.Equal(8, guest.Counters.DeviceNotFound);
        Assert.Equal(0, guest.Hardware.Accesses);
    }

    [Fact]
    public void A_4096_byte_space_ends_at_4096()
    {
        using var guest = new TestGuest(configSize: 4096);

        Assert.Equal(PciOpStatus.Success, guest.Serve(TestGuest.Read(4092, 4)).Error);
        Assert.Equal(PciOpStatus.InvalidOffset, guest.Serve(TestGuest.Read(4096, 4)).Error);
    }

    [Theory]
    [InlineData(0x00000000u)]
    [InlineData(0xFFFFFFFEu)]
    [InlineData(0x00000002u)]
    [InlineData(0x80000000u)]
    public void Flags_without_the_active_bit_are_no_request(uint flags)
    {
        using var guest = new TestGuest();
        guest.Page.Frontend.Write(TestGuest.Read(0, 4));
        guest.Page.Backend.SetFlags((SharedFlags)flags);
        byte[] before = guest.Page.Bytes.ToArray();

        Assert.Equal(Pipeline.StageFlow.Idle, guest.Run());

        Assert.Equal(before, guest.Page.Bytes.ToArray());
        Assert.Equal(0, guest.Notifications);
    }

    // Count, whether the interrupt operations may be asked. XSA-157, XSA-164; Linux xen_pcibk_enable_msix().
    [Theory]
    [InlineData(0u, false)]
    [InlineData(1u, true)]
    [InlineData(128u, true)]
    [InlineData(129u, false)]
    [InlineData(uint.MaxValue, false)]
    public void An_MSI_X_count_out_of_range_never_reaches_the_hypervisor(uint count, bool asked)
    {
        var interrupts = new TestInterrupts();
        using var guest = new TestGuest(interrupts);
        var entries = new MsixEntry[128];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new MsixEntry { Entry = (ushort)i, Vector = 0xFFFF };
        }

        guest.Page.Frontend.Post(new PciOpRequest { Command = PciOpCode.EnableMsix, Value = count }, entries);
        guest.Run();

        guest.Page.Frontend.ReadAnswer(out PciOpRequest answer);
        Assert.Equal(asked ? 1 : 0, interrupts.Calls);
        Assert.Equal(asked ? PciOpStatus.Success : PciOpStatus.OperationFailed, answer.Error);
        Assert.Equal(asked ? 0u : unchecked((uint)-22), answer.Value);
    }

    [Fact]
    public void Random_bytes_in_the_whole_structure_never_throw_and_always_get_an_answer()
    {
        var random = new Random(20261122);
        var clock = Stopwatch.StartNew();
        using var guest = new TestGuest(new TestInterrupts());
        int rounds = 0;
        while (clock.ElapsedMilliseconds < 1500 || rounds < 1000)
        {
            random.NextBytes(guest.Page.Bytes[..SharedInfoLayout.Size]);
            // Half of the rounds look like requests, or nearly nothing would get past the first check.
            if (rounds % 2 == 0)
            {
                guest.Page.Frontend.Write(new PciOpRequest
                {
                    Command = (PciOpCode)random.Next(-1, 13),
                    Devfn = (uint)random.Next(0, 2),
                    Offset = random.Next(-8, 300),
                    Size = random.Next(-1, 6),
                    Value = (uint)random.NextInt64(),
                    Info = (uint)random.Next(0, 4),
                });
            }

            guest.Page.Backend.SetFlags(SharedFlags.Active);
            uint otherFlags = guest.Page.Word(0) & ~1u;
            int notified = guest.Notifications;

            guest.Run();

            Assert.Equal(otherFlags, guest.Page.Word(0));
            Assert.Equal(notified + 1, guest.Notifications);
            Assert.InRange((int)guest.Page.Word(SharedInfoLayout.Error), -5, 0);
            rounds++;
        }

        GuestCounterValues counters = guest.Counters;
        Assert.Equal(rounds, counters.Answered);
        Assert.Equal(
            rounds,
            counters.Success + counters.DeviceNotFound + counters.InvalidOffset + counters.AccessDenied + counters.NotImplemented + counters.OperationFailed);
        Assert.Equal(
            rounds,
            counters.ConfigReads + counters.ConfigWrites + counters.MsiOperations + counters.MsixOperations + counters.UnknownOperations);
    }
}

using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Pci.Tests;

public class EmulatedFunctionTests
{
    private const int Pm = 0x40;
    private const int Vpd = 0x48;
    private const int Msi = 0x50;
    private const int MsiX = 0x60;
    private const int Af = 0x70;
    private const int Express = 0x80;

    private static EmulatedFunction Conventional(uint pmControl = 0) => new EmulatedFunctionBuilder(0x1234, 0x5678)
        .Set(ConfigRegisters.Command, 2, 0x0007)
        .Set(ConfigRegisters.Bist, 1, 0x80)
        .BaseAddress(0, 0xF0000000, 0x10000)
        .BaseAddress(1, 0xE001, 0x20)
        .BaseAddress(2, 0x3_8000_0000, 0x8000_0000, 0xC)
        .BaseAddress(6, 0xFE000000, 0x20000)
        .Capability(Pm, CapabilityId.PowerManagement, [0x03, 0x02, (byte)pmControl, (byte)(pmControl >> 8), 0, 0])
        .Capability(Vpd, CapabilityId.Vpd, [0, 0, 0, 0, 0, 0])
        .Capability(Msi, CapabilityId.Msi, [0x80, 0x00])
        .Capability(MsiX, CapabilityId.MsiX, [0x07, 0x00])
        .Capability(Af, CapabilityId.AdvancedFeatures, [6, 3, 0, 0])
        .Build();

    private static EmulatedFunction PciExpress() => new EmulatedFunctionBuilder(0x1234, 0x5678, 4096)
        .Capability(Express, CapabilityId.PciExpress, [0x02, 0, 0, 0, 0, 0x10, 0x10, 0x28, 0x00, 0x00])
        .Extended(0x100, ExtendedCapabilityId.AdvancedErrorReporting, 2, [])
        .Build();

    private static uint Read(IConfigSpace function, int offset, int size = 4)
    {
        Assert.True(function.TryRead(offset, size, out uint value));
        return value;
    }

    private static void Write(IConfigSpace function, int offset, int size, uint value) => Assert.True(function.TryWrite(offset, size, value));

    [Theory]
    [InlineData(0x00, 4, 0xFFFFFFFFu, 0x56781234u)] // ids: read-only
    [InlineData(0x04, 2, 0xFFFFu, 0x07FFu)] // command: defined bits
    [InlineData(0x0C, 1, 0x10u, 0x10u)] // cache line size
    [InlineData(0x0E, 1, 0xFFu, 0x00u)] // header type: read-only
    [InlineData(0x10, 4, 0xFFFFFFFFu, 0xFFFF0000u)] // 64 KiB of memory
    [InlineData(0x14, 4, 0xFFFFFFFFu, 0xFFFFFFE1u)] // 32 ports
    [InlineData(0x18, 4, 0xFFFFFFFFu, 0x8000000Cu)] // 2 GiB, 64-bit
    [InlineData(0x1C, 4, 0xFFFFFFFFu, 0xFFFFFFFFu)] // its upper half
    [InlineData(0x20, 4, 0xFFFFFFFFu, 0x00000000u)] // not implemented
    [InlineData(0x30, 4, 0xFFFFFFFEu, 0xFFFE0000u)] // ROM of 128 KiB, not enabled
    [InlineData(0x30, 4, 0xFFFFFFFFu, 0xFFFE0001u)] // and enabled
    [InlineData(0x34, 1, 0xFFu, 0x40u)] // capability pointer
    [InlineData(Msi + 2, 2, 0xFFFFu, 0x00F1u)] // MSI control: enable and MME
    [InlineData(Msi + 4, 4, 0xFFFFFFFFu, 0xFFFFFFFCu)] // MSI address
    [InlineData(MsiX + 2, 2, 0xFFFFu, 0xC007u)] // MSI-X control: enable and mask
    [InlineData(0xE0, 4, 0xDEADBEEFu, 0xDEADBEEFu)] // device-specific: storage
    public void A_register_takes_the_bits_its_specification_makes_writable(int offset, int size, uint written, uint expected)
    {
        using EmulatedFunction function = Conventional();
        Write(function, offset, size, written);
        Assert.Equal(expected, Read(function, offset, size));
    }

    [Fact]
    public void Error_bits_of_status_are_cleared_by_writing_one_and_kept_by_writing_zero()
    {
        using EmulatedFunction function = Conventional();
        function.SetHardware(ConfigRegisters.Status, 2, 0xF910);
        Write(function, ConfigRegisters.Status, 2, 0x8000);
        Assert.Equal(0x7910u, Read(function, ConfigRegisters.Status, 2));
        Write(function, ConfigRegisters.Status, 2, 0);
        Assert.Equal(0x7910u, Read(function, ConfigRegisters.Status, 2));
    }

    [Fact]
    public void In_a_pci_express_function_the_bits_of_the_old_bus_are_hardwired()
    {
        using EmulatedFunction function = PciExpress();
        Write(function, ConfigRegisters.Command, 2, 0xFFFF);
        Assert.Equal(0x0547u, Read(function, ConfigRegisters.Command, 2));
        Write(function, ConfigRegisters.LatencyTimer, 1, 0xFF);
        Assert.Equal(0u, Read(function, ConfigRegisters.LatencyTimer, 1));
    }

    [Fact]
    public void A_function_level_reset_loses_the_configuration_and_reads_back_as_zero()
    {
        using EmulatedFunction function = PciExpress();
        Write(function, ConfigRegisters.Command, 2, 6);
        Write(function, 0x108, 4, 0x10);
        Write(function, Express + 8, 2, 0xA810);
        Assert.Equal(1, function.Resets);
        Assert.Equal(0u, Read(function, ConfigRegisters.Command, 2));
        Assert.Equal(0u, Read(function, 0x108));
        Assert.Equal(0x2810u, Read(function, Express + 8, 2));
    }

    [Fact]
    public void An_advanced_features_reset_loses_the_configuration()
    {
        using EmulatedFunction function = Conventional();
        Write(function, Af + 4, 1, 1);
        Assert.Equal(1, function.Resets);
        Assert.Equal(0u, Read(function, 0x10));
        Assert.Equal(0u, Read(function, Af + 4, 1));
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(8u, 0xF0000000u)] // NO_SOFT_RESET
    public void Coming_back_from_d3hot_loses_the_configuration_unless_it_says_otherwise(uint control, uint bar)
    {
        using EmulatedFunction function = Conventional(control);
        Write(function, Pm + 4, 2, 3);
        Assert.Equal(3, function.PowerState);
        Assert.Equal(0xF0000000u, Read(function, 0x10));
        Write(function, Pm + 4, 2, 0);
        Assert.Equal(bar, Read(function, 0x10));
    }

    [Theory]
    [InlineData(1, true)] // D1 is supported by the capability's bits
    [InlineData(2, false)] // D2 is not
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(-1, false)]
    public void A_power_state_is_entered_only_when_supported(int state, bool entered)
    {
        using EmulatedFunction function = Conventional();
        Assert.Equal(entered, function.TrySetPowerState(state));
        Assert.Equal(entered ? state : 0, function.PowerState);
    }

    [Fact]
    public void The_way_up_ends_in_d0_and_restores_what_was_lost()
    {
        using EmulatedFunction function = Conventional();
        Assert.True(function.TrySetPowerState(3));
        Assert.False(function.TrySetPowerState(1));
        Assert.True(function.TrySetPowerState(0));
        Assert.Equal(1, function.Resets);
        Assert.Equal(0xF0000000u, Read(function, 0x10));
        Assert.Equal(7u, Read(function, ConfigRegisters.Command, 2));
    }

    [Fact]
    public void A_reset_by_the_host_restores_the_configuration()
    {
        using EmulatedFunction function = Conventional();
        Write(function, ConfigRegisters.CacheLineSize, 1, 16);
        Assert.True(function.TryReset());
        Assert.Equal(16u, Read(function, ConfigRegisters.CacheLineSize, 1));
        Assert.Equal(7u, Read(function, ConfigRegisters.Command, 2));
    }

    [Fact]
    public void A_reset_by_the_host_loses_messages_that_its_kernel_did_not_enable()
    {
        using EmulatedFunction function = Conventional();
        Write(function, Msi + 4, 4, 0xFEE00000);
        Write(function, Msi + 2, 2, Read(function, Msi + 2, 2) | 1);
        Assert.True(function.TryReset());
        Assert.Equal(0u, Read(function, Msi + 4));
        Assert.Equal(0u, Read(function, Msi + 2, 2) & 1);
    }

    [Fact]
    public void Vital_product_data_is_transferred_when_the_flag_is_written()
    {
        using EmulatedFunction function = Conventional();
        Write(function, Vpd + 2, 2, 0);
        Assert.Equal(0x8000u, Read(function, Vpd + 2, 2));
        Assert.Equal(0x82u, Read(function, Vpd + 4, 1));
        Write(function, Vpd + 4, 4, 0x11223344);
        Write(function, Vpd + 2, 2, 0x8004);
        Assert.Equal(0x0004u, Read(function, Vpd + 2, 2));
        Write(function, Vpd + 2, 2, 0x0000);
        Write(function, Vpd + 2, 2, 0x0004);
        Assert.Equal(0x11223344u, Read(function, Vpd + 4));
    }

    [Fact]
    public void A_self_test_runs_and_passes()
    {
        using EmulatedFunction function = Conventional();
        Write(function, ConfigRegisters.Bist, 1, 0x40);
        Assert.Equal(1, function.SelfTests);
        Assert.Equal(0x80u, Read(function, ConfigRegisters.Bist, 1));
    }

    [Theory]
    [InlineData(-4, 4)]
    [InlineData(2, 4)]
    [InlineData(1, 2)]
    [InlineData(256, 1)]
    [InlineData(0, 3)]
    [InlineData(0, 0)]
    [InlineData(0, 8)]
    [InlineData(int.MaxValue - 3, 4)]
    public void What_is_no_access_fails_with_all_ones(int offset, int size)
    {
        using EmulatedFunction function = Conventional();
        Assert.False(function.TryRead(offset, size, out uint value));
        Assert.True(value is 0xFF or 0xFFFF or 0xFFFFFFFF);
        Assert.False(function.TryWrite(offset, size, 0));
    }

    [Fact]
    public void Faults_decide_what_accesses_give()
    {
        using EmulatedFunction function = Conventional();
        function.Faults.Inject(FaultKind.Fails);
        Assert.False(function.TryRead(0, 4, out _));
        Assert.False(function.TryWrite(4, 2, 0));
        function.Faults.Inject(FaultKind.AllOnes);
        Assert.Equal(0xFFFFFFFFu, Read(function, 0));
        Assert.True(function.TryWrite(4, 2, 0));
        function.Faults.Inject(FaultKind.Vanished);
        Assert.Equal(0xFFFFu, Read(function, 0, 2));
        Assert.False(function.TryReset());
        Assert.False(function.TryEnable());
        function.Faults.Release();
        Assert.Equal(7u, Read(function, 4, 2));
    }

    [Fact]
    public void A_hanging_access_returns_when_released_and_a_slow_one_late()
    {
        using EmulatedFunction function = Conventional();
        function.Faults.Inject(FaultKind.Hangs);
        uint value = 0u;
        var thread = new Thread(() => function.TryRead(0, 4, out value));
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => function.Faults.Hanging == 1, 5000));
        function.Faults.Release();
        Assert.True(thread.Join(5000));
        Assert.Equal(0x56781234u, value);
        function.Faults.InjectDelay(TimeSpan.FromMilliseconds(20));
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        Read(function, 0);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void Accesses_are_counted_and_recorded_when_asked()
    {
        using EmulatedFunction function = Conventional();
        Read(function, 0);
        function.RecordAccesses(true);
        Read(function, 4, 2);
        Write(function, 4, 2, 0x10003);
        Assert.Equal((2L, 1L), (function.Reads, function.Writes));
        Assert.Equal([new RecordedAccess(false, 4, 2, 7), new RecordedAccess(true, 4, 2, 3)], function.RecordedAccesses());
    }

    [Fact]
    public void Base_addresses_come_from_registers_and_lengths()
    {
        using EmulatedFunction function = Conventional();
        Assert.Equal(new BaseAddress(0xF0000000, 0x10000, 0), function.BaseAddresses[0]);
        Assert.Equal(new BaseAddress(0xE000, 0x20, 1), function.BaseAddresses[1]);
        Assert.Equal(new BaseAddress(0x3_8000_0000, 0x8000_0000, 0xC), function.BaseAddresses[2]);
        Assert.False(function.BaseAddresses[3].IsPresent);
        Assert.Equal(new BaseAddress(0xFE000000, 0x20000, 0), function.BaseAddresses[6]);
    }

    [Fact]
    public void An_access_allocates_nothing()
    {
        using EmulatedFunction function = Conventional();
        Assert.Equal(0, Allocation.Of(function));
    }

    [Fact]
    public void An_overlay_keeps_writes_and_counts_them()
    {
        EmulatedFunction function = Conventional();
        using var overlay = new ReadOnlyOverlay(function);
        Write(overlay, ConfigRegisters.Command, 2, 0);
        Write(overlay, 0x10, 4, 0xFFFFFFFF);
        Write(overlay, 0x00, 4, 0);
        function.SetHardware(ConfigRegisters.Status, 2, 0x8010);
        Assert.Equal(0x80100000u, Read(overlay, ConfigRegisters.Command));
        Assert.Equal(0xFFFF0000u, Read(overlay, 0x10));
        Assert.Equal(0x56781234u, Read(overlay, 0));
        Write(overlay, ConfigRegisters.Status, 2, 0x8000);
        Assert.Equal(0x0010u, Read(overlay, ConfigRegisters.Status, 2));
        Assert.Equal(4, overlay.WritesKept);
        Assert.True(overlay.TrySetPowerState(3));
        Assert.Equal(3u, Read(overlay, Pm + 4, 2));
        Assert.True(overlay.TryReset());
        Assert.Equal(0xF0000000u, Read(overlay, 0x10));
        Assert.Equal(0, function.Writes);
        Assert.Equal(0, function.PowerState);
        Assert.Equal(0, Allocation.Of(overlay));
    }

    [Fact]
    public void An_overlay_does_not_touch_registers_nobody_knows()
    {
        EmulatedFunction function = Conventional();
        function.SetHardware(0xE0, 4, 0x12345678);
        using var overlay = new ReadOnlyOverlay(function);
        long before = function.Reads;
        Assert.Equal(0u, Read(overlay, 0xE0));
        Assert.Equal(before, function.Reads);
        Assert.Equal(1, overlay.ReadsAnswered);
        using var all = new ReadOnlyOverlay(function, knownRegistersOnly: false);
        Assert.Equal(0x12345678u, Read(all, 0xE0));
    }

    [Fact]
    public void A_last_base_address_that_claims_an_upper_half_does_not_get_one()
    {
        using EmulatedFunction function = new EmulatedFunctionBuilder(1, 2).Set(0x24, 4, 0xF0000004).Build();
        Write(function, ConfigRegisters.CardBusCis, 4, 0xFFFFFFFF);
        Assert.Equal(0u, Read(function, ConfigRegisters.CardBusCis));
        Write(function, 0x24, 4, 0xFFFFFFFF);
        Assert.Equal(0xFFFFF004u, Read(function, 0x24));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    [InlineData(4096)]
    public void Whatever_bytes_a_function_has_it_can_be_used_and_keeps_its_ids(int size)
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = new byte[size];
            random.NextBytes(bytes);
            bytes[ConfigRegisters.Status] |= 0x10;
            bytes[ConfigRegisters.HeaderType] = (byte)(seed % 4);
            var function = new EmulatedFunction(default, "random", bytes);
            using var overlay = new ReadOnlyOverlay(function, knownRegistersOnly: seed % 2 == 0);
            uint id = Read(overlay, 0);
            for (int i = 0; i < 200; i++)
            {
                int width = 1 << random.Next(3);
                int offset = random.Next(size / width) * width;
                IConfigSpace target = i % 2 == 0 ? function : overlay;
                Write(target, offset, width, (uint)random.NextInt64(1L << 32));
                Read(target, offset, width);
            }

            overlay.TrySetPowerState(seed % 2);
            function.TryEnable();
            function.TryReset();
            Assert.Equal(id, Read(overlay, 0));
            Assert.Equal(id, Read(function, 0));
        }
    }
}

using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Simulation;

/// <summary>The host's devices, which outlive every daemon: two with messages, two without.</summary>
internal sealed class HostDevices : IDisposable
{
    private const int TableSize = 8;

    private readonly List<EmulatedFunction> _functions = [];

    public HostDevices(LoopbackHost host)
    {
        using IPhysdev physdev = host.BackendView.OpenPhysdev();
        for (int i = 0; i < 2; i++)
        {
            EmulatedFunction function = WithMessages(new(0, (byte)(3 + i), 0, 0), (ulong)i);
            _functions.Add(function);
            host.Passthrough.Describe(function.Address, new() { MsixEntries = TableSize, MsiVectors = 4, DecodesMemory = static () => true });
            physdev.PrepareMsix(function.Address);
        }

        for (int i = 0; i < 2; i++)
        {
            _functions.Add(new EmulatedFunctionBuilder(0x8086, (ushort)(0x2660 + i)).Set(0x0A, 2, 0x0403)
                .BaseAddress(0, 0xFEB0_0000 + (ulong)i * 0x10_0000, 0x4000)
                .Build(new(0, (byte)(8 + i), 0, 0)));
        }

        All = [.. _functions.Select(static function => function.Address)];
    }

    public IReadOnlyList<PciAddress> All { get; }

    /// <summary>Custody as one daemon has it, from its beginning.</summary>
    public SmallCustody CustodyOf(VirtualProcess process, Action<string> note)
    {
        SmallCustody custody = new(_functions, note, function => new MortalFunction(function, process));
        (custody.Lines[All[0]], custody.Lines[All[2]]) = (20, 21);
        return custody;
    }

    /// <summary>Vendor and device id, as the first register has them.</summary>
    public uint IdOf(PciAddress device) => Of(device) is var function ? ((uint)function.DeviceId << 16) | function.VendorId : 0;

    /// <summary>Whether frames are of a device's memory.</summary>
    public bool Covers(PciAddress device, LoopbackRange frames) => Of(device).BaseAddresses.Any(
        address => frames.First * 4096 >= address.Start && (frames.First + frames.Count) * 4096 <= address.Start + Math.Max(4096, address.Length));

    public void Dispose() => _functions.ForEach(static function => function.Dispose());

    private EmulatedFunction Of(PciAddress device) => _functions.First(function => function.Address == device);

    private static EmulatedFunction WithMessages(PciAddress address, ulong number) => new EmulatedFunctionBuilder(0x8086, 0x10FB)
        .Set(ConfigRegisters.Command, 2, CommandBits.Memory | CommandBits.BusMaster)
        .Set(ConfigRegisters.ClassCode, 4, 0x00_02_00_00)
        .Set(ConfigRegisters.InterruptLine, 2, 0x010B)
        .BaseAddress(0, 0xFB00_0000 + (number * 0x10_0000), 0x4000)
        .BaseAddress(2, 0x12_FD00_0000 + (number * 0x100_0000), 0x8_0000, 0xC)
        .Capability(0x40, CapabilityId.PowerManagement, [0x23, 0xF8, 0x00, 0x00, 0x00, 0x00])
        .Capability(0x50, CapabilityId.Msi, [0x84, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .Capability(0x60, CapabilityId.PciExpress, [0x02, 0x00, 0xC2, 0x8C, 0x00, 0x10, 0x10, 0x28, 0x00, 0x00, .. new byte[0x30]])
        .Capability(0xA0, CapabilityId.MsiX, [TableSize - 1, 0x00, 0x02, 0x20, 0x00, 0x00, 0x02, 0x30, 0x00, 0x00])
        .Build(address);

    /// <summary>A function in a daemon's hands: who is dead changes nothing of it any more.</summary>
    private sealed class MortalFunction(IPciFunction inner, VirtualProcess process) : DelegatingFunction(inner, ownsInner: false)
    {
        public override bool TryWrite(int offset, int size, uint value) => !process.IsDead && Inner.TryWrite(offset, size, value);

        public override bool TryReset() => !process.IsDead && Inner.TryReset();

        public override bool TryPutBack() => !process.IsDead && Inner.TryPutBack();

        public override bool TryEnable() => !process.IsDead && Inner.TryEnable();

        public override bool TrySetPowerState(int state) => !process.IsDead && Inner.TrySetPowerState(state);
    }
}

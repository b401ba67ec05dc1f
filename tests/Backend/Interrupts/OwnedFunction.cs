using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Running;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>One guest's function on the loopback, prepared and assigned as a toolstack does it, and the operations on it.</summary>
internal sealed class OwnedFunction : IDisposable
{
    public const int Domain = 7;
    public const int TableSize = 64;
    public const int MsiVectors = 8;
    public const ulong TableRegion = 0x12_FD00_0000;

    public const int Power = 0x44;
    public const int MsiControl = 0x52;
    public const int MsixControl = 0xA2;

    public static readonly PciAddress Address = new(0, 3, 0, 0);

    private readonly IDomainControl _domains;

    public OwnedFunction(
        Func<EmulatedFunctionBuilder, EmulatedFunctionBuilder>? shape = null, bool prepare = true, bool assign = true,
        LoopbackPlatform? platform = null, AccessPolicy? policy = null)
        : this((shape?.Invoke(Builder()) ?? Builder()).Build(Address), prepare, assign, platform, policy)
    {
    }

    public OwnedFunction(EmulatedFunction hardware, bool prepare = true, bool assign = true, LoopbackPlatform? platform = null, AccessPolicy? policy = null)
    {
        Hardware = hardware;
        Host = new(platform);
        Host.CreateDomain(Domain);
        Host.Passthrough.Describe(hardware.Address, new()
        {
            MsixEntries = TableSize,
            MsiVectors = MsiVectors,
            DecodesMemory = () => hardware.IsVirtualFunction
                ? hardware.PhysicalFunctionDecodesMemory()
                : (Peek(ConfigRegisters.Command, 2) & CommandBits.Memory) != 0,
            Restored = () => Restored++,
        });
        Physdev = Host.BackendView.OpenPhysdev();
        _domains = Host.BackendView.OpenDomainControl();
        if (prepare)
        {
            Physdev.PrepareMsix(hardware.Address);
        }

        if (assign)
        {
            _domains.Assign(Domain, hardware.Address, relaxed: false);
        }

        Warnings = new(Lines);
        Operations = new(Physdev, Warnings, Lines);
        Function = new(hardware, default, FunctionPermissions.Compile(hardware, policy ?? AccessPolicy.Default, new ConfigSpaceMapCache()));
        Operations.Add(Domain, Function);
    }

    public LoopbackHost Host { get; }

    public LoopbackPassthrough Xen => Host.Passthrough;

    public IPhysdev Physdev { get; }

    public EmulatedFunction Hardware { get; }

    public AssignedFunction Function { get; }

    public InterruptOperations Operations { get; }

    public DistinctWarnings Warnings { get; }

    public CapturedLines Lines { get; } = new();

    /// <summary>How often Xen wrote the messages back.</summary>
    public int Restored { get; private set; }

    public InterruptState State => Operations.StateOf(Function);

    public IReadOnlyList<LoopbackPirq> Pirqs => Xen.PirqsOf(Domain);

    public static EmulatedFunctionBuilder Builder() => new EmulatedFunctionBuilder(0x8086, 0x10FB)
        .Set(ConfigRegisters.Command, 2, CommandBits.Memory | CommandBits.BusMaster)
        .Set(ConfigRegisters.ClassCode, 4, 0x00_02_00_00)
        .Set(ConfigRegisters.InterruptLine, 2, 0x010B)
        .BaseAddress(0, 0xFB00_0000, 0x4000)
        .BaseAddress(2, TableRegion, 0x8_0000, 0xC)
        .Capability(0x40, CapabilityId.PowerManagement, [0x23, 0xF8, 0x00, 0x00, 0x00, 0x00])
        .Capability(0x50, CapabilityId.Msi, [0x86, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .Capability(0x60, CapabilityId.PciExpress, [0x02, 0x00, 0xC2, 0x8C, 0x00, 0x10, 0x10, 0x28, 0x00, 0x00, .. new byte[0x30]])
        .Capability(0xA0, CapabilityId.MsiX, [TableSize - 1, 0x00, 0x02, 0x20, 0x00, 0x00, 0x02, 0x30, 0x00, 0x00]);

    public static MsixEntry[] Entries(params int[] indexes) => [.. indexes.Select(index => new MsixEntry { Entry = (ushort)index, Vector = 0xFFFF })];

    public static MsixEntry[] FirstEntries(int count) => Entries([.. Enumerable.Range(0, count)]);

    public InterruptReply EnableMsi() => Operations.EnableMsi(Function);

    public InterruptReply EnableMsix(params int[] indexes) => Operations.EnableMsix(Function, Entries(indexes));

    /// <summary>A register as hardware has it, without an access.</summary>
    public uint Peek(int offset, int size)
    {
        uint value = 0;
        byte[] bytes = Hardware.Snapshot();
        for (int i = size - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[offset + i];
        }

        return value;
    }

    /// <summary>Nothing of messages is left anywhere: not mapped, not enabled, the line may speak.</summary>
    public void AssertNothingLeft()
    {
        Assert.Empty(Pirqs);
        Assert.Equal(0u, Peek(MsiControl, 2) & (MsiRegisters.Enable | MsiRegisters.MultipleMessageEnable));
        Assert.Equal(0u, Peek(MsixControl, 2) & (MsiXRegisters.Enable | MsiXRegisters.FunctionMask));
        Assert.Equal(0u, Peek(ConfigRegisters.Command, 2) & CommandBits.InterruptDisable);
        Assert.Equal(0, State.Vectors);
    }

    public void Dispose()
    {
        Operations.Dispose();
        Physdev.Dispose();
        _domains.Dispose();
        Hardware.Dispose();
        Assert.Empty(Lines.Errors);
    }
}

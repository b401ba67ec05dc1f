namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>The calls of <see cref="IPhysdev"/> and <see cref="IDomainControl"/> that change something.</summary>
public enum LoopbackCall
{
    /// <summary><see cref="IPhysdev.MapMessage"/>.</summary>
    MapMessage,

    /// <summary><see cref="IPhysdev.MapMessages"/>.</summary>
    MapMessages,

    /// <summary><see cref="IPhysdev.MapLine"/>.</summary>
    MapLine,

    /// <summary><see cref="IPhysdev.Unmap"/>.</summary>
    Unmap,

    /// <summary><see cref="IPhysdev.PrepareMsix"/>.</summary>
    PrepareMsix,

    /// <summary><see cref="IPhysdev.ReleaseMsix"/>.</summary>
    ReleaseMsix,

    /// <summary><see cref="IPhysdev.RestoreMessages"/>.</summary>
    RestoreMessages,

    /// <summary><see cref="IDomainControl.Assign"/>.</summary>
    Assign,

    /// <summary><see cref="IDomainControl.Deassign"/>.</summary>
    Deassign,

    /// <summary><see cref="IDomainControl.AllowMemory"/>.</summary>
    AllowMemory,

    /// <summary><see cref="IDomainControl.AllowPorts"/>.</summary>
    AllowPorts,

    /// <summary><see cref="IDomainControl.AllowInterrupt"/>.</summary>
    AllowInterrupt,

    /// <summary><see cref="IDomainControl.Pause"/>.</summary>
    Pause,

    /// <summary><see cref="IDomainControl.Unpause"/>.</summary>
    Unpause,

    /// <summary><see cref="IDomainControl.Crash"/>.</summary>
    Crash,
}

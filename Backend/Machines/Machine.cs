using PciBackFlow.Backend.Devices;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Machines;

/// <summary>What a daemon serves on: a hypervisor, and the devices that its guests can have. Ends after the backend. Used by one thread.</summary>
public abstract class Machine : IDisposable
{
    /// <summary>The hypervisor.</summary>
    public abstract IHypervisor Hypervisor { get; }

    /// <summary>The devices.</summary>
    public abstract IDeviceCustody Custody { get; }

    /// <summary>Who tells of the devices' errors.</summary>
    public abstract IErrorSource Errors { get; }

    /// <summary>Whether an unmodified xl manages guests on it.</summary>
    public abstract bool HasXl { get; }

    /// <summary>What is to be said about it at the start, for people.</summary>
    public abstract string Remark { get; }

    /// <summary>Whether its guests live on when this process ends, so that another one can serve them.</summary>
    public abstract bool OutlivesProcess { get; }

    /// <summary>Whether devices are being taken from the host or given back to it.</summary>
    public virtual bool IsChanging => false;

    /// <summary>Ends when what was begun by itself with the machine's devices is done. Never fails.</summary>
    public virtual Task SettledAsync() => Task.CompletedTask;

    /// <summary>The backend serves: begins what guests need not wait for.</summary>
    public virtual void Started()
    {
    }

    /// <summary>Another process serves on it now: what both use stays as it is when this ends.</summary>
    public virtual void Succeeded()
    {
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}

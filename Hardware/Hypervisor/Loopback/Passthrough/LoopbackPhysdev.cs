using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>Domain 0's physical-device calls on a <see cref="LoopbackHost"/>. Thread-safe.</summary>
internal sealed class LoopbackPhysdev(LoopbackPassthrough passthrough) : IPhysdev
{
    private volatile bool _disposed;

    private LoopbackPassthrough Open
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return passthrough;
        }
    }

    /// <inheritdoc/>
    public int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase) => Open.MapMessage(domainId, function, entry, tableBase);

    /// <inheritdoc/>
    public int MapMessages(int domainId, PciAddress function, int count, out int available) =>
        Open.MapMessages(domainId, function, count, out available);

    /// <inheritdoc/>
    public int MapLine(int domainId, int gsi) => Open.MapLine(domainId, gsi);

    /// <inheritdoc/>
    public void Unmap(int domainId, int pirq) => Open.Unmap(domainId, pirq);

    /// <inheritdoc/>
    public void PrepareMsix(PciAddress function) => Open.PrepareMsix(function);

    /// <inheritdoc/>
    public void ReleaseMsix(PciAddress function) => Open.ReleaseMsix(function);

    /// <inheritdoc/>
    public void RestoreMessages(PciAddress function) => Open.RestoreMessages(function);

    /// <inheritdoc/>
    public void Dispose() => _disposed = true;
}

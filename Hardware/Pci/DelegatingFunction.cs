namespace PciBackFlow.Hardware.Pci;

/// <summary>
/// A function that answers through another one: who changes one thing about a function overrides that and nothing else. Owns the inner function unless
/// <see cref="Dispose(bool)"/> is overridden. As safe for threads as the inner function.
/// </summary>
/// <param name="inner">The function that answers.</param>
public abstract class DelegatingFunction(IPciFunction inner) : IPciFunction
{
    /// <inheritdoc/>
    public virtual PciAddress Address => inner.Address;

    /// <inheritdoc/>
    public virtual string Origin => inner.Origin;

    /// <inheritdoc/>
    public virtual int Size => inner.Size;

    /// <inheritdoc/>
    public virtual int ReadableSize => inner.ReadableSize;

    /// <inheritdoc/>
    public virtual ushort VendorId => inner.VendorId;

    /// <inheritdoc/>
    public virtual ushort DeviceId => inner.DeviceId;

    /// <inheritdoc/>
    public virtual bool IsVirtualFunction => inner.IsVirtualFunction;

    /// <inheritdoc/>
    public virtual byte InterruptLine => inner.InterruptLine;

    /// <inheritdoc/>
    public virtual IReadOnlyList<BaseAddress> BaseAddresses => inner.BaseAddresses;

    /// <summary>The function that answers.</summary>
    protected IPciFunction Inner => inner;

    /// <inheritdoc/>
    public virtual bool TryRead(int offset, int size, out uint value) => inner.TryRead(offset, size, out value);

    /// <inheritdoc/>
    public virtual bool TryWrite(int offset, int size, uint value) => inner.TryWrite(offset, size, value);

    /// <inheritdoc/>
    public virtual bool PhysicalFunctionDecodesMemory() => inner.PhysicalFunctionDecodesMemory();

    /// <inheritdoc/>
    public virtual bool TryEnable() => inner.TryEnable();

    /// <inheritdoc/>
    public virtual bool TrySetPowerState(int state) => inner.TrySetPowerState(state);

    /// <inheritdoc/>
    public virtual bool TryReset() => inner.TryReset();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what the function owns; here the inner function.</summary>
    /// <param name="disposing">True: by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
    }
}

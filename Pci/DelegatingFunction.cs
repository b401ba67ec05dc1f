namespace PciBackFlow.Pci;

/// <summary>
/// A function that answers through another one: who changes one thing about a function overrides that and nothing else. As
/// safe for threads as the inner function.
/// </summary>
/// <param name="inner">The function that answers.</param>
/// <param name="ownsInner">Whether it ends with this one.</param>
public abstract class DelegatingFunction(IPciFunction inner, bool ownsInner = true) : IPciFunction
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
    public virtual bool TryPutBack() => inner.TryPutBack();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (ownsInner)
        {
            inner.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}

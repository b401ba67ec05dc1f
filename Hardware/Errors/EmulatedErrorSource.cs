using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Errors;

/// <summary>Errors of functions in memory: they happen when somebody says so. Thread-safe.</summary>
public sealed class EmulatedErrorSource : IErrorSource
{
    private readonly Lock _lock = new();
    private readonly List<PciAddress> _cleared = [];
    private Action<DeviceError>? _found;
    private bool _isDisposed;

    /// <inheritdoc/>
    public IReadOnlyList<string> Remarks => [];

    /// <summary>The functions whose status was cleared, in order.</summary>
    public IReadOnlyList<PciAddress> Cleared
    {
        get
        {
            lock (_lock)
            {
                return [.. _cleared];
            }
        }
    }

    /// <inheritdoc/>
    public void Start(Action<DeviceError> found)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _found = found;
        }
    }

    /// <inheritdoc/>
    public void Stop(Action<DeviceError> found)
    {
        lock (_lock)
        {
            if (_found == found)
            {
                _found = null;
            }
        }
    }

    /// <summary>An error happens. Before <see cref="Start"/>, and after <see cref="Stop"/>, nobody hears of it.</summary>
    /// <param name="error">The error.</param>
    public void Raise(DeviceError error)
    {
        lock (_lock)
        {
            _found?.Invoke(error);
        }
    }

    /// <inheritdoc/>
    public void Clear(PciAddress device)
    {
        lock (_lock)
        {
            _cleared.Add(device);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _found = null;
        }
    }
}

using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Errors;

/// <summary>Who tells of functions' errors. <see cref="Start"/>, <see cref="Stop"/> and Dispose by one thread at a time, everything else by any.</summary>
public interface IErrorSource : IDisposable
{
    /// <summary>Why errors are not told, or not all of them, and what of this host makes them worse; empty when there is nothing to say.</summary>
    IReadOnlyList<string> Remarks { get; }

    /// <summary>Tells from now on; called again, somebody else.</summary>
    /// <param name="found">
    /// Told of each error, on a thread of the source's, one at a time; may be called for functions that nobody follows. Must not block for long: those that
    /// come meanwhile are merged.
    /// </param>
    void Start(Action<DeviceError> found);

    /// <summary>
    /// Tells who listens at once what is held back, and nothing any more; it may be started again. Does nothing when somebody else listens by now. Where a
    /// device holds up whoever looks at it, what it has to say is not waited for.
    /// </summary>
    /// <param name="found">Who listened.</param>
    void Stop(Action<DeviceError> found);

    /// <summary>
    /// Clears what a function has recorded, so that the next error is not taken for this one. Does nothing where firmware owns the registers. May block for an
    /// access.
    /// </summary>
    /// <param name="device">The function.</param>
    void Clear(PciAddress device);
}

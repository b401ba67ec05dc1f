namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>What carries xenstore messages: a stream of bytes each way. One thread receives, one at a time sends, any may dispose.</summary>
public interface IXenStoreTransport : IDisposable
{
    /// <summary>What it is, for messages.</summary>
    string Name { get; }

    /// <summary>Whether a request may only be sent once the one before it is answered.</summary>
    bool OneAtATime { get; }

    /// <summary>Whether relative paths are those of this domain; otherwise they mean nothing.</summary>
    bool TakesRelativePaths { get; }

    /// <summary>Sends one whole message.</summary>
    /// <param name="message">Header and payload.</param>
    /// <exception cref="HypervisorException">This message was refused; others are not affected.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    void Send(ReadOnlySpan<byte> message);

    /// <summary>Waits for bytes.</summary>
    /// <param name="buffer">Receives them.</param>
    /// <returns>How many; 0 when the other side has closed or this was disposed.</returns>
    /// <exception cref="IOException">The connection is lost.</exception>
    int Receive(Span<byte> buffer);
}

namespace PciBackFlow.Stages.Connections;

/// <summary>Is told that a guest's <see cref="DeniedWrites"/> hold something new.</summary>
public interface IDeniedWriteListener
{
    /// <summary>
    /// Called on the thread that carries the guest's request, at most once for each byte of a function's space and guest: neither
    /// allocates nor waits, and does no more than to wake somebody.
    /// </summary>
    void Noted();
}

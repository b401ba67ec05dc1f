namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// What is read of each device beside its host's function, its state and its place in the guest: each key
/// costs a round trip through xenstored.
/// </summary>
public enum DeviceDetail
{
    /// <summary>What the toolstack wants for it: who is to give it to the guest asks that.</summary>
    Wishes,

    /// <summary>What the backend could not do: who attached it asks that.</summary>
    Failures,
}

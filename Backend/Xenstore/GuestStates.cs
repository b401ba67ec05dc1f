namespace PciBackFlow.Backend.Xenstore;

/// <summary>How far the two sides of a guest's handshake are.</summary>
/// <param name="Backend">The backend's state.</param>
/// <param name="Frontend">The frontend's state.</param>
public readonly record struct GuestStates(XenbusState Backend, XenbusState Frontend)
{
    /// <summary>Whether the frontend is connected and no change is under way.</summary>
    public bool AreConnected => this is { Backend: XenbusState.Connected, Frontend: XenbusState.Connected };

    /// <summary>Whether the frontend has closed, or has no directory.</summary>
    public bool HasFrontendClosed => Frontend is XenbusState.Unknown or XenbusState.Closed;
}

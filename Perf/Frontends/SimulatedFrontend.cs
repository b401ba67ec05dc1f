using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// The request path of one guest's frontend as a state machine: <see cref="Post"/>, then <see cref="Look"/> until the answer
/// is there. Nothing blocks, so one thread can play hundreds of guests; nothing is allocated. Owned by one client thread.
/// </summary>
public abstract class SimulatedFrontend
{
    private readonly IEventChannels _channels;
    private readonly int _port;

    /// <summary>Creates the request path over a page and a port.</summary>
    /// <param name="page">The guest's page.</param>
    /// <param name="channels">The descriptor that the port belongs to.</param>
    /// <param name="port">The guest's own port.</param>
    protected SimulatedFrontend(RequestPage page, IEventChannels channels, int port)
    {
        Page = page;
        _channels = channels;
        _port = port;
    }

    /// <summary>Whose behaviour this is.</summary>
    public abstract FrontendKind Kind { get; }

    /// <summary>The guest's page.</summary>
    public RequestPage Page { get; }

    /// <summary>The guest's own port.</summary>
    public int Port => _port;

    /// <summary>Whether a request is under way.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>When the request was sent, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> tells.</summary>
    public long PostedAt { get; private set; }

    /// <summary>The last answer; after a give-up the one the frontend reports to its kernel: dev_not_found.</summary>
    public FrontendAnswer Answer { get; private set; }

    /// <summary>Requests given up so far.</summary>
    public long GivenUp { get; private set; }

    /// <summary>Writes the request into the page, sets the flag and signals the backend.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The current timestamp.</param>
    public void Post(in FrontendRequest request, long now)
    {
        Page.Post(in request);
        PostedAt = now;
        IsWaiting = true;
        OnPosted(now);
        _channels.Notify(_port);
    }

    /// <summary>Does what this frontend does when it runs: looks for the answer, waits on, or gives up.</summary>
    /// <param name="now">The current timestamp.</param>
    /// <param name="signalled">Whether an event of this guest's port was delivered.</param>
    /// <returns>What was found.</returns>
    public FrontendOutcome Look(long now, bool signalled)
    {
        if (!IsWaiting)
        {
            return FrontendOutcome.Waiting;
        }

        FrontendOutcome outcome = Wait(now, signalled);
        switch (outcome)
        {
            case FrontendOutcome.Answered:
                Answer = Page.TakeAnswer();
                IsWaiting = false;
                break;
            case FrontendOutcome.GaveUp:
                Page.Withdraw();
                Answer = new FrontendAnswer(-1, 0, 0);
                IsWaiting = false;
                GivenUp++;
                break;
        }

        return outcome;
    }

    /// <summary>A request was sent.</summary>
    /// <param name="now">The current timestamp.</param>
    protected virtual void OnPosted(long now)
    {
    }

    /// <summary>This frontend's way of waiting.</summary>
    /// <param name="now">The current timestamp.</param>
    /// <param name="signalled">Whether an event of this guest's port was delivered.</param>
    /// <returns>What was found.</returns>
    protected abstract FrontendOutcome Wait(long now, bool signalled);
}

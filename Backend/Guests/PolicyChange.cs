using PciBackFlow.Backend.Serving;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// Policies that may have changed, on their way to one guest. Which functions it has is looked up on its own queue, behind the pass under way: what that one is
/// just placing was compiled under what held before, and nobody else sees it yet. The queue tries, any thread reads.
/// </summary>
/// <param name="host">The only device that it is about; null for all.</param>
/// <param name="known">What is known of the guest's functions until the queue has looked.</param>
internal sealed class PolicyChange(PciAddress? host, IReadOnlyList<PciAddress> known)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyList<PciAddress> _changed = [];
    private volatile IReadOnlyList<PciAddress> _left = known;

    /// <summary>Ends when what holds is in force for all that the guest has.</summary>
    public Task Done => _done.Task;

    /// <summary>The functions under another policy now.</summary>
    public IReadOnlyList<PciAddress> Changed => _changed;

    /// <summary>The functions that may have to get one still.</summary>
    public IReadOnlyList<PciAddress> Left => _left;

    /// <summary>How often it has been tried.</summary>
    public int Attempts { get; private set; }

    /// <summary>Tries.</summary>
    /// <param name="guest">The guest.</param>
    /// <returns>False when that has to be done again.</returns>
    public bool Try(Guest guest)
    {
        List<PciAddress> left = [];
        IReadOnlyList<PciAddress> hosts = guest.IsGone ? [] : host is { } one ? [one] : guest.Hosts;
        foreach (PciAddress each in hosts)
        {
            switch (guest.ChangePolicy(each))
            {
                case Recompilation.Changed:
                    _changed = [.. _changed, each];
                    break;
                case Recompilation.Later:
                    left.Add(each);
                    break;
            }
        }

        Attempts++;
        _left = left;
        if (left.Count == 0)
        {
            _done.TrySetResult();
        }

        return left.Count == 0;
    }
}

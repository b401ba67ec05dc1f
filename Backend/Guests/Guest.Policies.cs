using PciBackFlow.Backend.Serving;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>This part: another policy holds for its devices.</summary>
internal sealed partial class Guest
{
    // What a pass is giving the guest, until a snapshot shows it.
    private volatile IReadOnlyList<PciAddress> _placing = [];

    /// <summary>The host addresses of all that the guest has. On its queue.</summary>
    public IReadOnlyList<PciAddress> Hosts => _exposed.Hosts;

    /// <summary>The same as far as it is known beside the queue, and what the guest is just getting. Any thread.</summary>
    public IReadOnlyList<PciAddress> KnownHosts => [.. _placing.Concat(_snapshot.Functions.Select(static function => function.Host)).Distinct()];

    /// <summary>The policy of a device may have changed: if the guest has it, what it may do is decided anew.</summary>
    /// <returns>What became of it.</returns>
    public Recompilation ChangePolicy(PciAddress host)
    {
        Recompilation outcome = _exposed.Recompile(host, _attachment is { } attachment ? attachment.Lane.Run : static action => action());
        TakeSnapshot();
        return outcome;
    }

    private void Placing(PciAddress host) => _placing = [.. _placing, host];
}

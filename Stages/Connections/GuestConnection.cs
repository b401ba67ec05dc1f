using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// One connected guest as the stages see it: its page, its channel, its functions. Made by the control plane; the shard the guest
/// is bound to alone touches page and channel. The two references that change are swapped as a whole by any thread.
/// </summary>
/// <param name="domainId">The guest's domain id, for reports.</param>
/// <param name="page">Its page, mapped for as long as the guest is attached to a shard.</param>
/// <param name="notifier">How to signal it.</param>
/// <param name="functions">The functions it has now.</param>
/// <param name="interrupts">Who enables interrupts for it, or null: such requests answer <see cref="PciOpStatus.NotImplemented"/>.</param>
/// <param name="deniedWrites">Who is told of its denied writes, or null.</param>
/// <param name="trace">Its shard's trace, or null.</param>
public sealed class GuestConnection(
    int domainId,
    SharedPage page,
    IGuestNotifier notifier,
    FunctionTable functions,
    IInterruptOperations? interrupts = null,
    IDeniedWriteListener? deniedWrites = null,
    ShardTrace? trace = null)
{
    private FunctionTable _functions = functions;
    private IInterruptOperations? _interrupts = interrupts;

    /// <summary>The guest's domain id.</summary>
    public int DomainId => domainId;

    /// <summary>The guest's page.</summary>
    public SharedPage Page => page;

    /// <summary>How to signal the guest.</summary>
    public IGuestNotifier Notifier => notifier;

    /// <summary>Its shard's trace, or null.</summary>
    internal ShardTrace? Trace => trace;

    /// <summary>What the guest has done so far.</summary>
    public GuestCounters Counters { get; } = new();

    /// <summary>What it is asked about its devices' errors. Its shard's.</summary>
    public RecoverySlot Recovery { get; } = new(page, notifier);

    /// <summary>Its writes that policy dropped, the first to each register.</summary>
    public DeniedWrites DeniedWrites { get; } = new(deniedWrites);

    /// <summary>
    /// The functions the guest has. A request looks once: one under way when the table is swapped finishes on the table it saw;
    /// to be sure none does, detach the guest or run an action on its shard.
    /// </summary>
    public FunctionTable Functions
    {
        get => Volatile.Read(ref _functions);
        set => Volatile.Write(ref _functions, value);
    }

    /// <summary>Who enables interrupts for this guest, or null.</summary>
    public IInterruptOperations? Interrupts
    {
        get => Volatile.Read(ref _interrupts);
        set => Volatile.Write(ref _interrupts, value);
    }
}

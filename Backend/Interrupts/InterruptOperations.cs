using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Running;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// Gives guests the interrupts of their functions as pirqs, and takes them back. It knows which guest owns which function: a pirq is
/// only ever mapped for that one. Any thread.
/// </summary>
public sealed partial class InterruptOperations : IInterruptOperations, IDisposable
{
    // Cleaning waits for hypercalls; one that hangs must not keep the others from going on.
    private const int Cleaners = 4;
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<AssignedFunction, FunctionInterrupts> _functions = new();
    private readonly IPhysdev _physdev;
    private readonly DistinctWarnings _warnings;
    private readonly ILogger _logger;
    private readonly MessageJournal? _journal;

    // A function waits there once at most, so that it never holds more than there are functions.
    private readonly PassQueue<FunctionInterrupts> _cleaning;

    private long _lastTicket;

    /// <summary>Creates the operations.</summary>
    /// <param name="physdev">Who maps. Not disposed of here.</param>
    /// <param name="warnings">Who says what guests do wrong.</param>
    /// <param name="logger">Where other lines go.</param>
    public InterruptOperations(IPhysdev physdev, DistinctWarnings warnings, ILogger logger)
        : this(physdev, warnings, logger, journal: null)
    {
    }

    internal InterruptOperations(IPhysdev physdev, DistinctWarnings warnings, ILogger logger, MessageJournal? journal)
    {
        _journal = journal;
        _physdev = physdev;
        _warnings = warnings;
        _logger = logger;
        _cleaning = new(CleanAsync, NotCleaned, new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, Cleaners).ConcurrentScheduler);
    }

    /// <summary>Functions whose messages are mapped now.</summary>
    public int Active => _functions.Values.Count(static function => function.HasMessages);

    /// <summary>A guest gets a function: from now on its interrupts may be enabled. Called before a request can reach it.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">The function.</param>
    public void Add(int domainId, AssignedFunction function)
    {
        FunctionInterrupts interrupts = new(
            domainId, function, _physdev, _journal, _warnings, () => Interlocked.Increment(ref _lastTicket), _cleaning);
        _functions[function] = interrupts;
        function.AfterReset = _ => interrupts.Restore();
    }

    /// <summary>
    /// A function that was added is a guest's from an earlier daemon: it keeps the messages it knows of (<see cref="VirtualRegisters.KnowsMessages"/>), and
    /// what else was mapped is taken back. Called before a request can reach it.
    /// </summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="function">The function.</param>
    /// <exception cref="HypervisorException">The guest can't be asked for, or is gone.</exception>
    internal void Inherit(int domainId, AssignedFunction function)
    {
        if (_journal is not null && Find(function) is { } interrupts)
        {
            interrupts.Inherit(_journal.InheritedOf(domainId, function.Hardware.Address), function.Registers.KnowsMessages);
        }
    }

    /// <summary>
    /// A guest loses a function: messages are disabled and unmapped, and nothing is enabled from now on, whatever is still under way. May block for
    /// seconds. Does nothing for a function that is not known.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="late">Called once, on a thread of its own, when false was returned and the request has come back after all; must not throw.</param>
    /// <returns>False when a request of the guest did not come back in time: the function must not be given to others.</returns>
    public bool Remove(AssignedFunction function, Action? late = null)
    {
        if (!_functions.TryRemove(function, out FunctionInterrupts? interrupts))
        {
            return true;
        }

        function.AfterReset = null;
        return interrupts.Close(late);
    }

    /// <summary>
    /// A guest's frontend is gone, the function stays: messages are disabled and unmapped, and the next frontend
    /// begins afresh. May block for seconds.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <returns>False when a request of the guest did not come back in time.</returns>
    public bool Undo(AssignedFunction function) => Find(function)?.Undo() ?? true;

    /// <summary>
    /// A function was reset while its guest uses it, and its header is in place again: its messages are enabled as they were. The caller has
    /// the function (<see cref="AssignedFunction.TryBegin"/>). May block.
    /// </summary>
    /// <param name="function">The function.</param>
    public void Restore(AssignedFunction function) => Find(function)?.Restore();

    /// <summary>What is enabled for a function now.</summary>
    /// <param name="function">The function.</param>
    /// <returns>Its state; <see cref="InterruptState.None"/> when it is not known.</returns>
    public InterruptState StateOf(AssignedFunction function) => Find(function)?.State ?? InterruptState.None;

    /// <inheritdoc/>
    public InterruptReply EnableMsi(AssignedFunction function) =>
        Find(function)?.EnableMsi() ?? new InterruptReply(PciOpStatus.OperationFailed, 0);

    /// <inheritdoc/>
    public InterruptReply DisableMsi(AssignedFunction function) => Disable(function);

    /// <inheritdoc/>
    public InterruptReply EnableMsix(AssignedFunction function, Span<MsixEntry> entries) =>
        Find(function)?.EnableMsix(entries) ?? InterruptReply.Failed(Errno.ENODEV);

    /// <inheritdoc/>
    public InterruptReply DisableMsix(AssignedFunction function) => Disable(function);

    /// <inheritdoc/>
    public InterruptReply EnableMultiMsi(AssignedFunction function, uint count) =>
        Find(function)?.EnableMultiMsi(count) ?? new InterruptReply(PciOpStatus.OperationFailed, 0);

    /// <inheritdoc/>
    public void Abandon(AssignedFunction function, long ticket) => Find(function)?.Abandon(ticket);

    /// <summary>
    /// Ends cleaning, and says what stays: a daemon that stops leaves its guests attached, and their devices go on interrupting them.
    /// </summary>
    public void Dispose()
    {
        // From now on it takes nothing: what a late worker got is left like all the rest.
        _cleaning.End(EndPatience);
        if (Active is > 0 and int active)
        {
            InterruptsLeft(_logger, active);
        }
    }

    private FunctionInterrupts? Find(AssignedFunction function) => _functions.GetValueOrDefault(function);

    private InterruptReply Disable(AssignedFunction function) => Find(function)?.Disable() ?? new InterruptReply(PciOpStatus.Success, 0);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "{Functions} function(s) keep the interrupts that their guests enabled")]
    private static partial void InterruptsLeft(ILogger logger, int functions);

    private static Task CleanAsync(FunctionInterrupts function)
    {
        function.Clean();
        return Task.CompletedTask;
    }

    // A pirq that a guest should not have must not be forgotten; but where the descriptor is closed, the daemon ends.
    private static bool NotCleaned(FunctionInterrupts function, Exception failure)
    {
        function.NotCleaned(failure);
        return failure is not ObjectDisposedException;
    }
}

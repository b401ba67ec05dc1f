using System.Diagnostics;
using System.Runtime.CompilerServices;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// One request of one guest on its way through the stages; the same object for all of a guest's requests. Owned by the thread
/// that carries it. Everything after the snapshot uses this object's copy and never the page's (XSA-155).
/// </summary>
/// <param name="connection">The guest; null for a spare object, which gets its guest with the request that it answers.</param>
public sealed class GuestOperation(GuestConnection? connection = null) : PipelineItem
{
    /// <summary>How long a configuration access may take a function, in milliseconds: the guest's CPU waits with interrupts off.</summary>
    public const int ConfigDeadline = 500;

    /// <summary>
    /// How long any other operation may take, and any operation with the time that it waits for its turn among those of other guests, in milliseconds:
    /// Linux's frontend gives up after 2,000.
    /// </summary>
    public const int OperationDeadline = 1500;

    /// <summary>The copied entries of an MSI-X request; of another request whatever was there.</summary>
    public MsixEntryArray Entries;

    /// <summary>The copied request.</summary>
    public PciOpRequest Request;

    /// <summary>What the filter decided about a configuration access.</summary>
    public AccessPlan Plan;

    /// <summary>What an interrupt operation answered.</summary>
    internal InterruptReply Reply;

    /// <summary>The guest.</summary>
    public GuestConnection? Connection { get; private set; } = connection;

    /// <summary>The function the request is for; null when the guest has none there.</summary>
    public AssignedFunction? Function { get; internal set; }

    /// <summary>The answer's status; meaningful after the execute stage.</summary>
    public PciOpStatus Status { get; internal set; }

    /// <summary>The answer's value.</summary>
    public uint Value { get; internal set; }

    /// <summary>The answer's info; written for multi-MSI only.</summary>
    public uint Info { get; internal set; }

    /// <summary>Whether the answer is known, so that the remaining stages have nothing to find out.</summary>
    public bool IsDecided { get; internal set; }

    /// <summary>Whether this is a read or a write of configuration space.</summary>
    public bool IsConfigAccess => Request.Command <= PciOpCode.ConfigWrite;

    /// <summary>Entries whose vectors belong to the answer: 0 but for a successful MSI-X request.</summary>
    internal int VectorCount { get; set; }

    /// <summary>Bits that policy dropped of a write, in the request's lanes.</summary>
    internal uint DeniedBits { get; set; }

    /// <summary>Hardware accesses made for this request.</summary>
    internal int HardwareAccesses { get; set; }

    /// <summary>Whether those took longer than a shard has for them.</summary>
    internal bool WasSlow { get; set; }

    /// <summary>Whether the request was sent to a worker.</summary>
    internal bool WasOffloaded { get; set; }

    /// <summary>Why this answers in another operation's place; none for an answer of its own.</summary>
    internal FailureCause Cause { get; set; }

    /// <summary>When the shard saw the request, in Stopwatch ticks, if it is traced; else 0.</summary>
    internal long TracedSince { get; set; }

    /// <summary>Traced: when the accesses began, in Stopwatch ticks; 0 without any.</summary>
    internal long ExecuteBegan { get; set; }

    /// <summary>Traced: what they took, in Stopwatch ticks.</summary>
    internal long ExecuteTicks { get; set; }

    /// <summary>Traced: what reached hardware.</summary>
    internal HardwareLog Hardware;

    /// <inheritdoc/>
    protected override int DeadlineMilliseconds => IsConfigAccess ? ConfigDeadline : OperationDeadline;

    /// <inheritdoc/>
    protected override int PatienceMilliseconds => OperationDeadline;

    /// <summary>Shard: the next request has been copied into <see cref="Request"/>; forgets the one before.</summary>
    internal void Begin()
    {
        Function = null;
        Status = PciOpStatus.Success;

        // Until something else is known the value goes back as it came, as Linux does it: no byte of another origin gets into the page.
        Value = Request.Value;
        Info = Request.Info;
        IsDecided = false;
        Reply = default;
        VectorCount = 0;
        DeniedBits = 0;
        HardwareAccesses = 0;
        WasSlow = false;
        WasOffloaded = false;
        Cause = FailureCause.None;
        TracedSince = 0;
    }

    /// <summary>Shard: the request is traced; to be called after <see cref="Begin"/>.</summary>
    /// <param name="since">When it was seen, in Stopwatch ticks.</param>
    internal void BeginTrace(long since)
    {
        TracedSince = since;
        ExecuteBegan = 0;
        ExecuteTicks = 0;
        Hardware.Clear();
    }

    /// <summary>Owner, traced: the accesses have ended.</summary>
    internal void NoteExecuted(long began, AssignedFunction? function)
    {
        ExecuteBegan = began;
        ExecuteTicks = Stopwatch.GetTimestamp() - began;
        if (function is not null)
        {
            Hardware = function.Log;
        }
    }

    /// <summary>Shard: leaves the record of a traced request in its shard's ring; nothing waits for it.</summary>
    /// <param name="connection">Its guest.</param>
    /// <param name="isLate">Whether the answer was dropped.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void WriteTrace(GuestConnection connection, bool isLate = false)
    {
        if (connection.Trace is not { Ring: { } ring } trace)
        {
            return;
        }

        ref TraceSlot slot = ref ring.Next(out ulong number);
        if (Unsafe.IsNullRef(ref slot))
        {
            return;
        }

        long now = Stopwatch.GetTimestamp();
        ref TraceRecord record = ref slot.Record;
        record.Kind = TraceRecord.RequestKind;
        record.Shard = (ushort)trace.Shard;
        record.Permissions = 0;
        record.Sequence = number;
        record.Time = Nanoseconds(TracedSince);
        record.Total = Short(now - TracedSince);
        record.Before = ExecuteBegan == 0 ? 0 : Short(ExecuteBegan - TracedSince);
        record.Execute = Short(ExecuteTicks);
        record.Domain = connection.DomainId;
        record.Operation = (uint)Request.Command;
        record.GuestSegment = Request.Domain;
        record.GuestBus = Request.Bus;
        record.GuestDevfn = Request.Devfn;
        record.Offset = Request.Offset;
        record.Size = Request.Size;
        record.Value = Request.Value;
        record.Info = Request.Info;
        record.AnswerValue = Value;
        record.AnswerInfo = Info;
        record.Status = (sbyte)Status;
        record.Cause = (byte)Cause;
        record.Reads = (byte)Math.Min(Hardware.Reads, byte.MaxValue);
        record.Writes = (byte)Math.Min(Hardware.Writes, byte.MaxValue);
        for (int i = 0; i < record.AccessCount; i++)
        {
            HardwareLog.Access access = Hardware.First[i];
            record.Accesses[i] = TraceAccess.Pack(access.IsWrite, access.Offset, access.Size, access.Value);
        }

        int flags = (WasOffloaded ? TraceRecord.Offloaded : 0) | (WasSlow ? TraceRecord.Slow : 0) | (isLate ? TraceRecord.Late : 0);
        record.DeniedBits = 0;
        record.Effect = 0;
        if (Function is { } function)
        {
            flags |= TraceRecord.HasFunction;
            record.HostSegment = function.Hardware.Address.Domain;
            record.HostBus = function.Hardware.Address.Bus;
            record.HostDevfn = function.Hardware.Address.Devfn;
            slot.Permissions = function.Map;
            if (Request.Command == PciOpCode.ConfigWrite && Cause == FailureCause.None)
            {
                flags |= Describe(ref record);
            }
        }
        else
        {
            record.HostSegment = 0;
            record.HostBus = 0;
            record.HostDevfn = 0;
            slot.Permissions = null;
        }

        record.Flags = (byte)flags;
        ring.Publish();
    }

    // What the filter has to say of a write. An answer made before the filter (a wrong offset) has none: the plan is another request's.
    private int Describe(ref TraceRecord record)
    {
        if (Status is PciOpStatus.InvalidOffset or PciOpStatus.DeviceNotFound)
        {
            return 0;
        }

        record.DeniedBits = Plan.DeniedBits;
        if (Plan.StepCount > 0 && Plan.Steps[Plan.StepCount - 1].Action > PlanAction.Merge)
        {
            record.Effect = (byte)Plan.Steps[Plan.StepCount - 1].Action;
        }

        return DeniedBits != 0 && Plan.DeniedBits == 0 ? TraceRecord.Refused : 0;
    }

    private static uint Short(long ticks) => (uint)Math.Clamp(Nanoseconds(ticks), 0, uint.MaxValue);

    // On Linux a tick is a nanosecond, and this is nothing.
    private static long Nanoseconds(long ticks) =>
        Stopwatch.Frequency == 1_000_000_000 ? ticks : (long)(ticks * (1e9 / Stopwatch.Frequency));

    /// <summary>Owner: the answer is known.</summary>
    internal void Decide(PciOpStatus status, uint value)
    {
        Status = status;
        Value = value;
        IsDecided = true;
    }

    /// <summary>Owner: the answer to a configuration access is known.</summary>
    internal void Decide(AccessStatus status, uint value) => Decide(
        status switch
        {
            AccessStatus.Success => PciOpStatus.Success,
            AccessStatus.InvalidOffset => PciOpStatus.InvalidOffset,
            AccessStatus.AccessDenied => PciOpStatus.AccessDenied,
            _ => PciOpStatus.OperationFailed,
        },
        value);

    /// <summary>Owner: the guest is about to learn that it has messages, or has none any more.</summary>
    internal void NoteMessages()
    {
        if (Status == PciOpStatus.Success && Function is { } function)
        {
            function.Registers.KnowsMessages = Request.Command is not (PciOpCode.DisableMsi or PciOpCode.DisableMsix);
        }
    }

    /// <summary>
    /// Owner: the operation was tried and failed. A failed read answers all ones, which is what a bus gives when nobody answers and what
    /// Linux leaves in the value; a failed write gives its value back.
    /// </summary>
    internal void Fail() =>
        Decide(PciOpStatus.OperationFailed, Request.Command == PciOpCode.ConfigRead ? NoAnswer.Of(Request.Size) : Request.Value);

    /// <inheritdoc/>
    protected override void AnswerFor(PipelineItem silent, FailureCause cause)
    {
        // Connection, Request and Function were written before the item left its shard and are not written by the worker.
        var late = (GuestOperation)silent;
        Connection = late.Connection;
        Request = late.Request;
        Begin();
        Function = late.Function;
        WasOffloaded = true;
        Cause = cause;
        if (late.TracedSince is not 0 and var since)
        {
            BeginTrace(since);
        }

        if (IsConfigAccess)
        {
            Fail();
        }
        else
        {
            // MSI: no pirq. MSI-X: ETIMEDOUT as the detail. Multi-MSI: none would work. In none of them a vector.
            Decide(PciOpStatus.OperationFailed, Request.Command == PciOpCode.EnableMsix ? TimedOut : 0);
            Info = 0;
        }
    }

    /// <inheritdoc/>
    protected override void Discard()
    {
        GuestConnection? connection = Connection;
        if (connection is null)
        {
            return;
        }

        GiveBack(connection);
        connection.Counters.CountLateResult();

        // Connection and Function stay until the object is used again: the shard may just be reading them in AnswerFor.
    }

    /// <summary>Owner: the guest won't learn of this answer, so what it granted is taken back.</summary>
    internal void GiveBack(GuestConnection connection)
    {
        if (Reply.Ticket != 0 && Function is not null)
        {
            connection.Interrupts?.Abandon(Function, Reply.Ticket);
        }

        Reply = default;
    }

    /// <inheritdoc/>
    protected override void MarkStuck() => Function?.MarkStuck();

    // As the 32 bits of op.value: negative.
    private const uint TimedOut = unchecked((uint)-(int)Errno.ETIMEDOUT);
}

namespace PciBackFlow.Stages.Connections;

/// <summary>A guest's counters at one moment; not a consistent cut.</summary>
/// <param name="Requests">Requests taken from the page.</param>
/// <param name="Answered">Answers written to the page; each with one notification.</param>
/// <param name="LateReplies">Answers dropped because the guest had given up or posted another request.</param>
/// <param name="NotifyFailures">Answers whose signal could not be sent because the guest's channel is not bound; 0 unless the backend is broken.</param>
/// <param name="Expired">Requests answered with a failure because the thread that had them was late, or gave up.</param>
/// <param name="NoPlace">Requests answered with a failure because a queue between threads had no place for them; 0 unless the engine is broken.</param>
/// <param name="LateResults">Results of workers dropped because the deadline had passed; each also counts as <paramref name="Expired"/>.</param>
/// <param name="Offloaded">Requests that left the shard because they could block.</param>
/// <param name="ConfigReads">Answered requests: reads.</param>
/// <param name="ConfigWrites">Answered requests: writes.</param>
/// <param name="MsiOperations">Answered requests: enable and disable MSI, multi-MSI.</param>
/// <param name="MsixOperations">Answered requests: enable and disable MSI-X.</param>
/// <param name="UnknownOperations">Answered requests: any other code.</param>
/// <param name="DeniedWrites">Writes of which policy dropped at least one bit.</param>
/// <param name="HardwareAccesses">Steps taken on functions' hardware.</param>
/// <param name="SlowAccesses">Requests whose register accesses took a millisecond or more; too much of it, and they leave the shard.</param>
/// <param name="ShadowAnswers">Successful accesses answered without hardware.</param>
/// <param name="Success">Answers with status 0.</param>
/// <param name="DeviceNotFound">Answers with status −1.</param>
/// <param name="InvalidOffset">Answers with status −2.</param>
/// <param name="AccessDenied">Answers with status −3.</param>
/// <param name="NotImplemented">Answers with status −4.</param>
/// <param name="OperationFailed">Answers with status −5.</param>
public readonly record struct GuestCounterValues(
    long Requests,
    long Answered,
    long LateReplies,
    long NotifyFailures,
    long Expired,
    long NoPlace,
    long LateResults,
    long Offloaded,
    long ConfigReads,
    long ConfigWrites,
    long MsiOperations,
    long MsixOperations,
    long UnknownOperations,
    long DeniedWrites,
    long HardwareAccesses,
    long SlowAccesses,
    long ShadowAnswers,
    long Success,
    long DeviceNotFound,
    long InvalidOffset,
    long AccessDenied,
    long NotImplemented,
    long OperationFailed);

using PciBackFlow.Perf.Frontends;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Perf.Load;

/// <summary>A wrong answer in words.</summary>
internal static class FailureText
{
    private const int DeviceNotFound = -1;
    private const int InvalidOffset = -2;
    private const int AccessDenied = -3;
    private const int NotImplemented = -4;

    /// <summary>The first thing that went wrong for a guest.</summary>
    /// <returns>One line: what was asked, what came back, and at which stage for which cause; null when nothing did.</returns>
    internal static string? Of(LoadGuest guest)
    {
        if (guest.FirstFailure is not { } failure)
        {
            return null;
        }

        FrontendRequest request = failure.Request;
        string what = request.Command switch
        {
            FrontendRequest.ConfigRead => $"read, {request.Size} bytes at 0x{request.Offset:x3}",
            FrontendRequest.ConfigWrite => $"write 0x{request.Value:x}, {request.Size} bytes at 0x{request.Offset:x3}",
            FrontendRequest.EnableMsi => "enable MSI",
            FrontendRequest.EnableMsix => $"enable MSI-X with {request.Value} entries",
            FrontendRequest.DisableMsi => "disable MSI",
            _ => "disable MSI-X",
        };
        string where = $"guest {guest.Guest.DomainId}: {what} of 0000:00:{request.Devfn >> 3:x2}.{request.Devfn & 7}";
        string came = failure.Outcome switch
        {
            FrontendOutcome.GaveUp => "no answer within the frontend's patience",
            FrontendOutcome.Waiting => "never answered",
            _ => failure.Complaint ?? $"status {failure.Answer.Status}, value {(int)failure.Answer.Value}",
        };
        return $"{where}: {came} (stage {StageOf(failure)}, cause {CauseOf(failure)}: {Explanation(failure)})";
    }

    /// <summary>Why it went wrong, as a word: <c>queue</c>, <c>deadline</c> or <c>function</c>.</summary>
    internal static string CauseOf(LoadFailure failure) => failure.Cause switch
    {
        FailureCause.Queue => "queue",
        FailureCause.Deadline or FailureCause.Lost => "deadline",
        _ => failure.Outcome == FrontendOutcome.Answered ? "function" : "deadline",
    };

    // Where a request is refused is what its status says; what leaves its shard does so for execute.
    private static string StageOf(LoadFailure failure) => failure.Outcome != FrontendOutcome.Answered ? "unknown" : failure.Answer.Status switch
    {
        DeviceNotFound or InvalidOffset => "decode",
        AccessDenied => "filter",
        NotImplemented => "decode",
        _ => "execute",
    };

    private static string Explanation(LoadFailure failure) => failure.Cause switch
    {
        FailureCause.Queue => "no place between two threads, although there is one for every guest",
        FailureCause.Deadline or FailureCause.Lost =>
            $"not done {GuestOperation.ConfigDeadline} ms after its turn had come, or {GuestOperation.OperationDeadline} ms in all",
        _ when failure.Outcome != FrontendOutcome.Answered => "the backend was not heard of in time",
        _ when failure.Complaint is not null => "the answer is not what was expected",
        _ => "the function or a rule for it refused",
    };
}

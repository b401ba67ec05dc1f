using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load;

/// <summary>A wrong answer in words.</summary>
internal static class FailureText
{
    /// <summary>The first thing that went wrong for a guest.</summary>
    /// <returns>One line, or null when nothing did.</returns>
    internal static string? Of(LoadGuest guest)
    {
        if (guest.FirstFailure is not { } failure)
        {
            return null;
        }

        FrontendRequest request = failure.Request;
        string what = request.Command == FrontendRequest.ConfigWrite ? $"write 0x{request.Value:x}" : "read";
        string where = $"guest {guest.Guest.DomainId}: {what}, {request.Size} bytes at 0x{request.Offset:x3} of 0000:00:{request.Devfn >> 3:x2}.{request.Devfn & 7}";
        return failure.Outcome switch
        {
            FrontendOutcome.GaveUp => $"{where}: no answer within the frontend's patience",
            FrontendOutcome.Waiting => $"{where}: never answered",
            _ when failure.Answer.Status != 0 => $"{where}: status {failure.Answer.Status}",
            _ => $"{where}: answered 0x{failure.Answer.Value:x}, which the source does not have",
        };
    }
}

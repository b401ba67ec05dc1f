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
        return failure.Outcome switch
        {
            FrontendOutcome.GaveUp => $"{where}: no answer within the frontend's patience",
            FrontendOutcome.Waiting => $"{where}: never answered",
            _ when failure.Answer.Status != 0 => $"{where}: status {failure.Answer.Status}, value {(int)failure.Answer.Value}",
            _ when guest.FirstComplaint is { } complaint => $"{where}: {complaint}",
            _ => $"{where}: answered 0x{failure.Answer.Value:x}, which the source does not have",
        };
    }
}

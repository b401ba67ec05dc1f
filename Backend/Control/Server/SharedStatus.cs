using Microsoft.AspNetCore.Http;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// The status for anybody: one that is read for all who ask within half a second, so that however many ask, and however often, shards and the host's files
/// are asked twice a second at most. Used by many threads.
/// </summary>
internal sealed class SharedStatus(StatusEndpoint status)
{
    /// <summary>How old an answer may be when it is given, beside the time that it takes to be made.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private Task<byte[]>? _last;
    private long _begun;

    public async Task Run(HttpContext context)
    {
        byte[] answer = await Last().WaitAsync(context.RequestAborted).ConfigureAwait(false);
        await StatusEndpoint.Write(context, answer).ConfigureAwait(false);
    }

    private Task<byte[]> Last()
    {
        lock (_lock)
        {
            // One that is still being made is shared however long it takes: else those who ask would pile up.
            if (_last is { IsCompleted: false } || (_last is { IsCompletedSuccessfully: true } && Environment.TickCount64 - _begun < Keep.TotalMilliseconds))
            {
                return _last;
            }

            _begun = Environment.TickCount64;
            return _last = Task.Run(status.ReadAsync);
        }
    }
}

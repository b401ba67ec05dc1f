using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Serving;

/// <summary>This part: what the guest has from an earlier daemon.</summary>
internal sealed partial class ExposedFunctions
{
    // A link that was reset is there again after a second or two. Linux's frontend gives up an access after two.
    private const int SilenceMilliseconds = 3_000;
    private const int SilencePauseMilliseconds = 25;

    private long _silentSince;

    /// <summary>The host addresses of what has failed for its guest, by address.</summary>
    public IReadOnlyList<PciAddress> Failed =>
        [.. _functions.Where(static function => function.Value.HasFailed).Select(static function => function.Key).Order()];

    /// <summary>Claims a function that the guest has from an earlier daemon, at its place and with its registers; hardware is left as it is.</summary>
    /// <param name="host">The host's function.</param>
    /// <param name="guest">Where the guest sees it.</param>
    /// <param name="options">What the toolstack wants for it; null when it says nothing.</param>
    /// <param name="hasFailed">Whether the guest has not got over an error of it.</param>
    /// <returns>Null, or why the guest does not have it any more; then nothing is held.</returns>
    public DeviceFailure? Inherit(PciAddress host, PciAddress guest, ToolstackOptions? options, bool hasFailed)
    {
        DeviceFailure? failure = Claim(host, guest.Devfn, options, guest, out _);
        if (failure is null && hasFailed)
        {
            _functions[host].NoteFailure(hasFailed: true);
        }

        return failure;
    }

    /// <summary>A guest from an earlier daemon: what is enabled for its functions is gone through, before a request can reach them.</summary>
    /// <param name="page">Its page. What it asks for now has not been answered: what is to be enabled it knows nothing of, and what is to be disabled it
    /// does not want, whatever was noted.</param>
    public void InheritMessages(SharedPage page)
    {
        if ((page.ReadFlags() & SharedFlags.Active) != 0)
        {
            page.ReadRequest(out PciOpRequest request);
            if (IsOfMessages(request.Command) && Table.Find(request.Domain, request.Bus, request.Devfn) is { } function)
            {
                // The last word of an answer is the value, which was the request's count, and cannot have been 0: the vectors stand there.
                bool isAnswered = request is { Command: PciOpCode.EnableMsix, Value: 0 } && function.Registers.KnowsMessages;
                if (isAnswered)
                {
                    page.ClearFlags(SharedFlags.Active);
                }

                function.Registers.KnowsMessages = isAnswered;
            }
        }

        InheritMessages(areKnown: true);
    }

    /// <summary>A guest from an earlier daemon: what is enabled for its functions is gone through, before a request can reach them.</summary>
    /// <param name="areKnown">Whether the frontend is the one that was told of them.</param>
    public void InheritMessages(bool areKnown)
    {
        foreach (AssignedFunction function in _functions.Values)
        {
            function.Registers.KnowsMessages &= areKnown;
            _services.Interrupts?.Inherit(_domainId, function);
        }
    }

    private static bool IsOfMessages(PciOpCode command) => command
        is PciOpCode.EnableMsi or PciOpCode.DisableMsi or PciOpCode.EnableMsix or PciOpCode.DisableMsix or PciOpCode.EnableMultiMsi;

    // One whose link is just being reset answers nothing, and is the guest's all the same. Several of a guest are waited for no longer than one.
    private FunctionClaim ClaimAgain(PciAddress host)
    {
        while (true)
        {
            FunctionClaim claim = _services.Functions.Continue(_domainId, host);
            if (claim.IsGranted ? !NoAnswer.From(claim.Function) : claim.Refusal is not { Kind: DeviceFailureKind.Gone })
            {
                return claim;
            }

            long now = Environment.TickCount64;
            _silentSince = _silentSince == 0 ? now : _silentSince;
            if (now - _silentSince >= SilenceMilliseconds)
            {
                return claim;
            }

            Thread.Sleep(SilencePauseMilliseconds);
        }
    }
}

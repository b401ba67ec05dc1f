using PciBackFlow.Pci;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load.Neighbours;
using PciBackFlow.Perf.Load.Rounds;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Perf.Load;

/// <summary>One function of a source, read out once: what its guests are compared with, and what they repeat.</summary>
internal sealed class TemplateFunction : IDisposable
{
    private const int Endpoint = 0;

    private readonly Func<IPciFunction> _open;
    private readonly IPciFunction? _live;

    private TemplateFunction(Func<IPciFunction> open, FunctionImage image, IPciFunction? live, AccessStep[] script, RecordedScript? recorded)
    {
        Recorded = recorded;
        _open = open;
        Image = image;
        _live = live;
        Script = script;
    }

    internal FunctionImage Image { get; }

    internal AccessStep[] Script { get; }

    /// <summary>What a recorded guest did; null in other mixes.</summary>
    internal RecordedScript? Recorded { get; }

    /// <summary>Reads the functions that guests can be given. Bridges stay with the host.</summary>
    /// <exception cref="LoadFailedException">There is none, or one cannot be read.</exception>
    internal static List<TemplateFunction> OpenAll(
        LoadSource source, int most, bool allRegisters, LoadMix mix, FrontendKind kind, IReadOnlyList<TraceRecord>? recording = null)
    {
        if (mix == LoadMix.Replay && source.IsLive)
        {
            throw new LoadFailedException("registers of real hardware change by themselves, so that a recording's answers cannot be told right: "
                + "keep the function with 'devices capture' and give it with --from-dump");
        }

        var opened = new List<TemplateFunction>();
        bool needsMessages = mix is LoadMix.Interrupts or LoadMix.Boot;
        try
        {
            foreach (Func<IPciFunction> open in source.Functions)
            {
                if (opened.Count == most)
                {
                    break;
                }

                IPciFunction function = open();
                FunctionImage image;
                try
                {
                    image = FunctionImage.Take(function, source.IsLive, allRegisters || !source.IsLive);
                }
                catch
                {
                    function.Dispose();
                    throw;
                }

                bool fits = image.HeaderType == Endpoint && (!needsMessages || MessageCapabilities.Of(image).Any);
                if (!fits || !source.IsLive)
                {
                    function.Dispose();
                }

                if (fits)
                {
                    opened.Add(new TemplateFunction(
                        open, image, source.IsLive ? function : null, ScriptOf(image, mix, kind),
                        recording is { Count: > 0 } ? RecordedScript.Of(open, recording) : null));
                }
            }
        }
        catch (InvalidOperationException e)
        {
            Close(opened);
            throw new LoadFailedException(e.Message);
        }

        return opened.Count != 0 ? opened
            : throw new LoadFailedException($"{source.Name}: {(needsMessages
                ? "no function has MSI or MSI-X that a guest could enable"
                : "no function can be given to a guest; bridges stay with the host")}. Choose another source.");
    }

    internal static void Close(List<TemplateFunction> functions) => functions.ForEach(function => function.Dispose());

    /// <summary>The function as one guest's, at a host address that no other guest's function has; a bad neighbour when one is given.</summary>
    internal LoadedFunction Load(int guest, Neighbour? neighbour = null)
    {
        // Slot and function stay, so that the guest sees the function number that the source has; the segment tells the guests apart.
        PciAddress own = Image.Address;
        return new LoadedFunction(_open(), new PciAddress((uint)guest + 1, own.Bus, own.Slot, own.Function), neighbour);
    }

    internal ExpectedAnswers Expect() => new(Image, _live);

    public void Dispose() => _live?.Dispose();

    private static AccessStep[] ScriptOf(FunctionImage image, LoadMix mix, FrontendKind kind) => mix switch
    {
        LoadMix.Mixed => AccessScript.Mixed(image, kind),
        LoadMix.Write => AccessScript.Writes(image, kind),
        LoadMix.Boot => AccessScript.Boot(image, kind),
        _ => AccessScript.Scan(image),
    };
}

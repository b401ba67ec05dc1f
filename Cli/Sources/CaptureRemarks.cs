using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Sources;

/// <summary>What has to be known of a captured function, because the capture does not say it.</summary>
internal static class CaptureRemarks
{
    /// <summary>Says what has to be known of functions before their answers are read; nothing of functions of this host.</summary>
    public static void Say(CliConsole console, params IReadOnlyList<SourceFunction> functions)
    {
        foreach (SourceFunction function in functions)
        {
            console.Remarks(function.Remarks);
        }

        // A whole machine's dump is short in all of its functions alike.
        IEnumerable<SourceFunction> cut = functions.Where(function => function.Shortness is not null);
        foreach (IGrouping<string, SourceFunction> alike in cut.GroupBy(function => function.Shortness!))
        {
            SourceFunction[] them = [.. alike];
            console.Remark(them.Length == 1 ? $"{them[0].Address}: {alike.Key}" : $"of {them.Length} functions {alike.Key}");
        }
    }

    /// <summary>One line each, with the function's address.</summary>
    public static IReadOnlyList<string> Of(CapturedFunction function)
    {
        var remarks = new List<string>();
        if (!function.AreIdsKnown)
        {
            remarks.Add(
                "a virtual function whose ids the capture does not tell (no [vvvv:dddd] behind its address): its guest sees the host's, here ffff:ffff");
        }

        remarks.AddRange(function.Assumptions.Select(assumption => assumption.ToString()));
        return [.. remarks.Select(remark => $"{function.Address}: {remark}")];
    }
}

using System.Diagnostics;
using PciBackFlow.Hardware.Contracts;

namespace PciBackFlow.LabProbe;

/// <summary>Runs checks and says how they went, a line each.</summary>
/// <param name="longest">How long one may take; null for 30 s.</param>
internal sealed class Report(TimeSpan? longest = null)
{
    private readonly TimeSpan _longest = longest ?? TimeSpan.FromSeconds(30);

    private int _passed;
    private int _failed;

    /// <summary>Runs one check; one that hangs is left behind.</summary>
    public void Run(string name, Action check)
    {
        string? reason = null;
        var watch = Stopwatch.StartNew();
        var thread = new Thread(() =>
        {
            try
            {
                check();
            }
            catch (ContractException e)
            {
                reason = $"{e.Message}{Place(e)}";
            }
            catch (Exception e)
            {
                reason = $"{e.GetType().Name}: {e.Message}{Place(e)}";
            }
        })
        { IsBackground = true };
        thread.Start();
        if (!thread.Join(_longest))
        {
            reason = $"did not end in {_longest.TotalSeconds} s";
        }

        if (reason is null)
        {
            _passed++;
            Console.WriteLine($"ok {name} ({watch.ElapsedMilliseconds} ms)");
        }
        else
        {
            _failed++;
            Console.WriteLine($"FAILED {name}: {reason.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Says the sums.</summary>
    /// <returns>The exit code.</returns>
    public int Finish()
    {
        Console.WriteLine($"{_passed} ok, {_failed} failed");
        return _failed == 0 ? 0 : 1;
    }

    private static string Place(Exception e) =>
        (e.StackTrace ?? "").Split('\n').FirstOrDefault(line => line.Contains("Contract.", StringComparison.Ordinal)) is { } line ? $" [{line.Trim()}]" : "";
}

using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.LabProbe.Frontend;

/// <summary>What <c>labprobe frontend</c> does, in a guest whose kernel has no frontend loaded.</summary>
internal static class FrontendPart
{
    /// <summary>Runs one thing.</summary>
    /// <param name="arguments">Its name, and what it takes.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] arguments)
    {
        var report = new Report(longest: TimeSpan.FromMinutes(4));
        switch (arguments)
        {
            case ["requests"]:
                HostileRequests.Run(report);
                break;
            case ["noise", string seconds]:
                report.Run("noise", () => PageNoise.Make(int.Parse(seconds, null)));
                break;
            case ["vanish"]:
                report.Run("page and port are taken away", static () => Vanish(isAsking: false));
                report.Run("page and port are taken away with a request under way", static () => Vanish(isAsking: true));
                break;
            case [string offer, string other] when WrongOffers.Names.Contains(offer):
                report.Run($"{offer} is refused", () => WrongOffers.Make(offer, int.Parse(other, null)));
                break;
            default:
                Console.Error.WriteLine($"frontend requests | noise SECONDS | vanish | ({string.Join(" | ", WrongOffers.Names)}) OTHERDOMAIN");
                return 2;
        }

        return report.Finish();
    }

    private static void Vanish(bool isAsking)
    {
        using var frontend = new ConnectedFrontend();
        if (isAsking)
        {
            // Enabling MSI-X takes the longest of all requests but for a reset.
            frontend.Page.SetEntries([0, 1]);
            frontend.Page.Post(new() { Command = FrontendRequest.EnableMsix, Devfn = frontend.Keys.FirstFunction, Value = 2 });
            frontend.Channels.Notify(frontend.Port);
        }
    }
}

using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.LabProbe.Frontend;

/// <summary>Requests that no driver sends, each of which has to be answered.</summary>
internal static class HostileRequests
{
    private const int Random = 10_000;

    // Xen public header io/pciif.h.
    private const int NotFound = -1;
    private const int InvalidOffset = -2;
    private const int NotImplemented = -4;

    /// <summary>Asks everything.</summary>
    /// <param name="report">Where each answer is checked.</param>
    public static void Run(Report report)
    {
        using var frontend = new ConnectedFrontend();
        uint function = frontend.Keys.FirstFunction;
        uint identity = Identity(frontend, function);
        foreach ((string what, FrontendRequest request, int? status) in Refused(function))
        {
            report.Run(what, () =>
            {
                int answered = frontend.Ask(in request).Status;
                if (answered != (status ?? answered) || answered == 0)
                {
                    throw new InvalidOperationException($"answered {answered}, not {status?.ToString(null, null) ?? "a refusal"}");
                }
            });
        }

        report.Run("the function is the same after them", () => Same(frontend, function, identity));
        report.Run($"{Random} requests of anything are answered, and the function is the same", () =>
        {
            var random = new Random(20_260);
            for (int i = 0; i < Random; i++)
            {
                frontend.Ask(Anything(random, function));
            }

            Same(frontend, function, identity);
        });
        frontend.Close();
    }

    // Its class code at 8, which the hardware answers: ids come from the backend's memory.
    private static uint Identity(ConnectedFrontend frontend, uint function)
    {
        FrontendAnswer answer = frontend.Ask(FrontendRequest.Read(function, 8, 4));
        Console.WriteLine($"function {function:x2}: {answer.Value:x8}, status {answer.Status}");
        return answer is { Status: 0, Value: not uint.MaxValue } ? answer.Value : throw new InvalidOperationException("the function does not answer");
    }

    private static void Same(ConnectedFrontend frontend, uint function, uint identity)
    {
        uint now = Identity(frontend, function);
        if (now != identity)
        {
            throw new InvalidOperationException($"its identity was {identity:x8} and is {now:x8}");
        }
    }

    private static IEnumerable<(string What, FrontendRequest Request, int? Status)> Refused(uint function)
    {
        foreach (int size in (int[])[0, 3, 5, 8, -1, int.MinValue, int.MaxValue])
        {
            yield return ($"a read of {size} bytes", FrontendRequest.Read(function, 0, size), InvalidOffset);
            yield return ($"a write of {size} bytes", FrontendRequest.Write(function, 0x3C, size, 0), InvalidOffset);
        }

        (int Offset, int Size)[] outside =
        [
            (-1, 1), (-4, 4), (4096, 1), (4095, 2), (4094, 4), (1, 2), (2, 4), (int.MinValue, 4), (int.MaxValue, 1), (int.MaxValue - 3, 4),
        ];
        foreach ((int offset, int size) in outside)
        {
            yield return ($"a read of {size} bytes at {offset}", FrontendRequest.Read(function, offset, size), InvalidOffset);
            yield return ($"a write of {size} bytes at {offset}", FrontendRequest.Write(function, offset, size, uint.MaxValue), InvalidOffset);
        }

        foreach (uint command in (uint[])[6, 7, 8, 9, 11, 0x80000000, uint.MaxValue])
        {
            yield return ($"operation {command}", new() { Command = command, Devfn = function }, NotImplemented);
        }

        for (uint command = FrontendRequest.ConfigRead; command <= FrontendRequest.DisableMsix; command++)
        {
            yield return ($"operation {command} on a function that is not there", new() { Command = command, Devfn = 0xFF, Size = 4 }, NotFound);
            yield return ($"operation {command} on a function number that is none", new() { Command = command, Devfn = function | 0x100, Size = 4 }, NotFound);
            yield return ($"operation {command} on another bus", new() { Command = command, Bus = 0x100, Devfn = function, Size = 4 }, NotFound);
            yield return ($"operation {command} in another segment", new() { Command = command, Domain = 0x10000, Devfn = function, Size = 4 }, NotFound);
        }

        foreach (uint entries in (uint[])[0, 129, 0x10000, uint.MaxValue])
        {
            yield return ($"MSI-X with {entries} entries", new() { Command = FrontendRequest.EnableMsix, Devfn = function, Value = entries }, null);
        }
    }

    private static FrontendRequest Anything(Random random, uint function) => new()
    {
        Command = random.Next(8) == 0 ? (uint)random.NextInt64() : (uint)random.Next(12),
        Devfn = random.Next(16) == 0 ? (uint)random.NextInt64() : function,
        Bus = random.Next(32) == 0 ? (uint)random.NextInt64() : 0,
        Offset = random.Next(8) == 0 ? random.Next() : random.Next(1024) * 4,
        Size = random.Next(8) == 0 ? random.Next() : 1 << random.Next(3),
        Value = (uint)random.NextInt64(),
        Info = (uint)random.NextInt64(),
    };
}

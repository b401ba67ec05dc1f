using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Perf.Load;

/// <summary>Where the simulated guests' functions come from.</summary>
/// <param name="Name">For reports: <c>cap-vpd.lspci</c>, <c>this host</c>, <c>builtin captures</c>.</param>
/// <param name="IsLive">
/// Whether real hardware stands behind the functions: registers may change by themselves, and what a guest writes does not reach them.
/// </param>
/// <param name="Functions">
/// One opener for each function; each call gives an instance of its own, so that guests who got the same function don't share its registers.
/// Guest n gets function n modulo their number; bridges are left out.
/// </param>
public sealed record LoadSource(string Name, bool IsLive, IReadOnlyList<Func<IPciFunction>> Functions)
{
    /// <summary>A captured machine, or one function of it.</summary>
    /// <param name="capture">The capture.</param>
    /// <param name="only">The one function's address; null for all.</param>
    /// <returns>The source.</returns>
    /// <exception cref="ArgumentException">The capture doesn't hold that function.</exception>
    public static LoadSource FromCapture(Capture capture, PciAddress? only = null)
    {
        List<Func<IPciFunction>> functions = [];
        foreach (CapturedConfig config in capture.Functions)
        {
            if (only is null || config.Address == only)
            {
                functions.Add(() => new CapturedFunction(capture.Name, config));
            }
        }

        return functions.Count != 0 ? new LoadSource(capture.Name, IsLive: false, functions)
            : throw new ArgumentException($"{capture.Name} holds no function {only}");
    }

    /// <summary>All captures that the project made and ships: what a run without a source uses.</summary>
    /// <returns>The source.</returns>
    public static LoadSource Builtin()
    {
        List<Func<IPciFunction>> functions = [];
        foreach (string name in BuiltinCaptures.Names)
        {
            if (BuiltinCaptures.TryLoad(name, out Capture? capture))
            {
                functions.AddRange(FromCapture(capture).Functions);
            }
        }

        return new LoadSource("builtin captures", IsLive: false, functions);
    }
}

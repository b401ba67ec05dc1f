using System.Globalization;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Benchmarks;

/// <summary>
/// Figures that are counts, not times: how many dwords of a scan reach hardware, by capture (the header and the known capabilities,
/// as <c>lspci -vvv</c> decodes them, and the whole space, as <c>lspci -xxxx</c> prints it), and what the maps of 1,000 functions take. Run
/// with <c>maps [FILE…]</c>; without files over the captures that the project ships.
/// </summary>
internal static class MapFigures
{
    private const int Functions = 1000;

    public static void Print(string[] files)
    {
        Capture[] captures = files.Length > 0
            ? [.. files.Select(Capture.Load)]
            : [.. BuiltinCaptures.Names.Select(Builtin)];
        Console.WriteLine("                                known registers           whole space");
        Console.WriteLine("capture                  bytes  dwords  hardware   share  dwords  hardware   share");
        foreach (Capture capture in captures)
        {
            foreach (CapturedFunction function in CapturedFunction.All(capture))
            {
                PrintShare(capture.Name, function);
            }
        }

        PrintMemory([.. captures.SelectMany(CapturedFunction.All)]);
    }

    private static void PrintShare(string name, CapturedFunction function)
    {
        CompiledFunction compiled;
        try
        {
            compiled = FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false);
        }
        catch (UnsupportedFunctionException)
        {
            return; // CardBus
        }

        var assigned = new AssignedFunction(function, default, compiled);
        var plan = default(AccessPlan);
        bool[] known = KnownDwords(function);
        int knownHardware = 0;
        int hardware = 0;
        for (int dword = 0; dword < known.Length; dword++)
        {
            AccessFilter.PlanRead(assigned, dword * 4, 4, ref plan);
            if (plan.StepCount == 0)
            {
                continue;
            }

            hardware++;
            knownHardware += known[dword] ? 1 : 0;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-24} {function.ReadableSize,5} {Columns(known.Count(isKnown => isKnown), knownHardware)} {Columns(known.Length, hardware)}"));
    }

    private static string Columns(int dwords, int hardware) =>
        string.Create(CultureInfo.InvariantCulture, $"{dwords,7} {hardware,9}  {100.0 * hardware / dwords,4:0.0} %");

    private static bool[] KnownDwords(CapturedFunction function)
    {
        bool[] known = new bool[function.ReadableSize / 4];
        Array.Fill(known, true, 0, 16);
        foreach (PciCapability capability in CapabilityWalk.Read(function).Capabilities)
        {
            int end = capability.Offset + Math.Max(4, CapabilitySize.Of(function, capability));
            for (int offset = capability.Offset; offset < end && offset / 4 < known.Length; offset += 4)
            {
                known[offset / 4] = true;
            }
        }

        return known;
    }

    private static void PrintMemory(CapturedFunction[] captured)
    {
        CapturedFunction[] usable = [.. captured.Where(function => function.TryRead(0x0E, 1, out uint type) && (type & 0x7F) <= 1)];
        var cache = new ConfigSpaceMapCache();
        var maps = new HashSet<ConfigSpaceMap>(ReferenceEqualityComparer.Instance);
        var held = new List<AssignedFunction>(Functions);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Functions; i++)
        {
            CapturedFunction function = usable[i % usable.Length];
            CompiledFunction compiled = FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false);
            compiled = compiled with { Map = cache.Share(compiled.Map) };
            maps.Add(compiled.Map);
            held.Add(new AssignedFunction(function, default, compiled));
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        double all = (after - before) / 1024.0;
        double shared = maps.Sum(map => map.FootprintBytes) / 1024.0;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{held.Count} assigned functions: {all:0} KiB in all, {maps.Count} different maps with {shared:0} KiB"));
        GC.KeepAlive(held);
    }

    private static Capture Builtin(string name) =>
        BuiltinCaptures.TryLoad(name, out Capture? capture) ? capture : throw new InvalidOperationException(name);
}

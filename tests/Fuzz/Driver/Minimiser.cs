using System.Runtime.InteropServices;
using PciBackFlow.Fuzz.Tests.Targets;
using SharpFuzz.Common;

namespace PciBackFlow.Fuzz.Driver;

/// <summary>
/// Keeps of many inputs the few, and small, that take every path of all of them. AFL's own tool starts a process an input; this takes a second. It counts
/// edges, not how often: what only loops more often is not worth a file that is replayed for ever.
/// </summary>
internal static unsafe class Minimiser
{
    private const int MapSize = 1 << 16;
    private const int LongestKept = 1 << 10;

    private static readonly byte* Map = (byte*)NativeMemory.AllocZeroed(MapSize);

    /// <summary>Gives instrumented code somewhere to write to: it does from the first static field on, long before a fuzzer's own memory is there.</summary>
    internal static void TakeCoverage() => Trace.SharedMem = Map;

    /// <summary>One edge for every input: AFL takes one without any, which nothing of the product saw, for a program that is not instrumented.</summary>
    internal static void MarkInput() => Trace.SharedMem[0] = 1;

    /// <summary>Writes what is kept into a folder.</summary>
    /// <returns>0; 1 if an input fails: it is left out, and named.</returns>
    internal static int Run(FuzzTarget target, byte[][] inputs, string folder)
    {
        // Once for what only the first run passes through.
        _ = EdgesOf(target, inputs[0], out _);
        HashSet<int> seen = [];
        List<byte[]> kept = [];
        int failures = 0;
        foreach (byte[] input in inputs.Where(static input => input.Length <= LongestKept).OrderBy(static input => input.Length))
        {
            HashSet<int> edges = EdgesOf(target, input, out bool failed);
            if (failed)
            {
                failures++;
            }
            else if (!edges.IsSubsetOf(seen))
            {
                kept.Add(Shorten(target, input, [.. edges.Except(seen)]));
                seen.UnionWith(EdgesOf(target, kept[^1], out _));
            }
        }

        // Greedy from the small ones: a later, larger one may have made earlier ones superfluous.
        List<HashSet<int>> paths = kept.ConvertAll(input => EdgesOf(target, input, out _));
        for (int i = 0; i < kept.Count; i++)
        {
            HashSet<int> others = [.. paths.Where((_, other) => other != i).SelectMany(static path => path)];
            if (paths[i].IsSubsetOf(others))
            {
                kept.RemoveAt(i);
                paths.RemoveAt(i--);
            }
        }

        Inputs.Write(kept, folder);
        string size = $"{kept.Count} kept ({kept.Sum(static input => input.Length)} bytes)";
        Console.WriteLine($"{target.Name}: {inputs.Length} inputs, {size}, {seen.Count} edges, {failures} failing");
        return failures == 0 ? 0 : 1;
    }

    // Halves, quarters, … are cut out as long as the edges it is kept for stay.
    private static byte[] Shorten(FuzzTarget target, byte[] input, HashSet<int> wanted)
    {
        for (int length = input.Length / 2; length > 0; length /= 2)
        {
            for (int at = 0; at + length <= input.Length;)
            {
                byte[] shorter = [.. input.AsSpan(0, at), .. input.AsSpan(at + length)];
                if (wanted.IsSubsetOf(EdgesOf(target, shorter, out bool failed)) && !failed)
                {
                    input = shorter;
                }
                else
                {
                    at += length;
                }
            }
        }

        return input;
    }

    private static HashSet<int> EdgesOf(FuzzTarget target, byte[] input, out bool failed)
    {
        NativeMemory.Clear(Map, MapSize);
        Trace.PrevLocation = 0;
        string outcome = Inputs.OutcomeOf(target, input);
        failed = outcome.StartsWith("FAILED", StringComparison.Ordinal);
        HashSet<int> edges = [];
        for (int i = 0; i < MapSize; i++)
        {
            if (Map[i] != 0)
            {
                edges.Add(i);
            }
        }

        return edges;
    }
}

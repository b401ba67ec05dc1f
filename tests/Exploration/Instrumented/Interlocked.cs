using System.Numerics;
using System.Runtime.CompilerServices;
using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>Atomic operations under a schedule; each drains the thread's store buffer.</summary>
public static class Interlocked
{
    public static T Exchange<T>(
        ref T location,
        T value,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Memory.Update(ref location, _ => value, new Site("exchanges", target, file, line));

    public static T CompareExchange<T>(
        ref T location,
        T value,
        T comparand,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Memory.Update(ref location, seen => IsSame(seen, comparand) ? value : seen, new Site("compares and exchanges", target, file, line));

    public static long Read(
        ref long location,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Memory.Update(ref location, static seen => seen, new Site("reads", target, file, line));

    public static T Increment<T>(
        ref T location,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where T : IBinaryInteger<T> =>
        Memory.Update(ref location, static seen => seen + T.One, new Site("increments", target, file, line)) + T.One;

    public static T Decrement<T>(
        ref T location,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where T : IBinaryInteger<T> =>
        Memory.Update(ref location, static seen => seen - T.One, new Site("decrements", target, file, line)) - T.One;

    public static T Add<T>(
        ref T location,
        T value,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where T : IBinaryInteger<T> =>
        Memory.Update(ref location, seen => seen + value, new Site("adds to", target, file, line)) + value;

    public static T Or<T>(
        ref T location,
        T value,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where T : IBinaryInteger<T> =>
        Memory.Update(ref location, seen => seen | value, new Site("sets bits of", target, file, line));

    public static T And<T>(
        ref T location,
        T value,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where T : IBinaryInteger<T> =>
        Memory.Update(ref location, seen => seen & value, new Site("clears bits of", target, file, line));

    public static void MemoryBarrier([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Memory.Barrier(new Site("fences", "", file, line));

    // References by identity, as the real one.
    private static bool IsSame<T>(T one, T other) =>
        typeof(T).IsValueType ? EqualityComparer<T>.Default.Equals(one, other) : ReferenceEquals(one, other);
}

using System.Runtime.CompilerServices;
using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>Volatile loads and stores under a schedule. A store lingers in the thread's store buffer.</summary>
public static class Volatile
{
    public static T Read<T>(
        ref readonly T location,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Memory.Load(ref Unsafe.AsRef(in location), new Site("reads", target, file, line));

    public static void Write<T>(
        ref T location,
        T value,
        [CallerArgumentExpression(nameof(location))] string target = "",
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        Memory.Store(ref location, value, new Site("stores", target, file, line));
}

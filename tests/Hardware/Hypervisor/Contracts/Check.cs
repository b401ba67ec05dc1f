using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>The few assertions that the contracts need, without a test framework: they also run in a natively compiled program.</summary>
public static class Check
{
    public static void True(bool condition, string? message = null)
    {
        if (!condition)
        {
            throw new ContractException(message ?? "expected true");
        }
    }

    public static void False(bool condition) => True(!condition, "expected false");

    public static void Null(object? value) => True(value is null, $"expected null, got '{value}'");

    public static void NotNull(object? value) => True(value is not null, "expected a value, got null");

    public static void Equal<T>(T expected, T actual) =>
        True(EqualityComparer<T>.Default.Equals(expected, actual), $"expected '{Shown(expected)}', got '{Shown(actual)}'");

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T>? actual)
    {
        T[] wanted = [.. expected];
        T[]? got = actual?.ToArray();
        True(got is not null && wanted.AsSpan().SequenceEqual(got), $"expected [{Shown(wanted)}], got {(got is null ? "null" : $"[{Shown(got)}]")}");
    }

    public static void InRange(long value, long least, long most) => True(value >= least && value <= most, $"{value} is not from {least} to {most}");

    /// <summary>The error of a request that is refused.</summary>
    public static Errno Refused(Action request)
    {
        try
        {
            request();
        }
        catch (HypervisorException e)
        {
            return e.Errno;
        }

        throw new ContractException("expected a refusal, but the request was answered");
    }

    private static string Shown<T>(T[] values) => Shown(string.Join(", ", values));

    private static string Shown<T>(T value)
    {
        string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null";
        return text.Length > 300 ? $"{text[..300]}… ({text.Length} characters)" : text;
    }
}

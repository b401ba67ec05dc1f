using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace PciBackFlow.Perf.Tests.Benchmarks;

/// <summary>One row of the suite: a benchmark with one choice of its parameters.</summary>
internal sealed class BenchmarkRow
{
    private readonly Type _type;
    private readonly MethodInfo _method;
    private readonly (PropertyInfo Property, object Value)[] _parameters;

    private BenchmarkRow(Type type, MethodInfo method, (PropertyInfo Property, object Value)[] parameters)
    {
        _type = type;
        _method = method;
        _parameters = parameters;
        string values = string.Join(", ", parameters.Select(static p => string.Create(CultureInfo.InvariantCulture, $"{p.Property.Name}: {p.Value}")));
        Name = $"{type.Name}.{method.Name}{(values.Length == 0 ? string.Empty : $"({values})")}";
    }

    internal string Name { get; }

    /// <summary>All rows of an assembly's benchmarks.</summary>
    internal static IReadOnlyList<BenchmarkRow> AllOf(Assembly assembly) =>
    [
        .. from type in assembly.GetTypes()
           from method in type.GetMethods().Where(static method => method.GetCustomAttribute<BenchmarkAttribute>() is not null)
           from parameters in Choices([.. type.GetProperties().Where(static property => property.GetCustomAttribute<ParamsAttribute>() is not null)])
           select new BenchmarkRow(type, method, parameters),
    ];

    /// <summary>Runs it.</summary>
    /// <returns>Bytes allocated per operation by all threads of the process, rounded down: what a thread's start allocates is not an operation's.</returns>
    internal long Measure()
    {
        object benchmark = Activator.CreateInstance(_type)!;
        foreach ((PropertyInfo property, object value) in _parameters)
        {
            property.SetValue(benchmark, value);
        }

        Call<GlobalSetupAttribute>(benchmark);
        try
        {
            int perCall = _method.GetCustomAttribute<BenchmarkAttribute>()!.OperationsPerInvoke;
            int calls = perCall > 1 ? 1 : 10_000;
            Action call = CallOf(benchmark);

            // Code that is compiled on its first way through, and whatever is made once.
            Repeat(call, perCall > 1 ? 1 : 2_000);
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Repeat(call, calls);
            return (GC.GetTotalAllocatedBytes(precise: true) - before) / ((long)calls * perCall);
        }
        finally
        {
            Call<GlobalCleanupAttribute>(benchmark);
        }
    }

    private static void Repeat(Action call, int times)
    {
        for (int i = 0; i < times; i++)
        {
            call();
        }
    }

    // A delegate of the method's own type: reflection would box its result.
    private Action CallOf(object benchmark)
    {
        Type result = _method.ReturnType;
        return result == typeof(void) ? _method.CreateDelegate<Action>(benchmark)
            : (Action)typeof(BenchmarkRow).GetMethod(nameof(Ignoring), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(result).Invoke(null, [_method.CreateDelegate(typeof(Func<>).MakeGenericType(result), benchmark)])!;
    }

    private static Action Ignoring<T>(Func<T> call) => () => _ = call();

    private void Call<TAttribute>(object benchmark)
        where TAttribute : Attribute =>
        Array.Find(_type.GetMethods(), static method => method.GetCustomAttribute<TAttribute>() is not null)?.Invoke(benchmark, null);

    private static IEnumerable<(PropertyInfo Property, object Value)[]> Choices(PropertyInfo[] properties) => properties.Length == 0
        ? [[]]
        : from value in properties[0].GetCustomAttribute<ParamsAttribute>()!.Values
          from rest in Choices(properties[1..])
          select ((PropertyInfo, object)[])[(properties[0], value!), .. rest];
}

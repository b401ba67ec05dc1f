using PciBackFlow.Hardware.Pci;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Benchmarks;

/// <summary>The first endpoint that the project ships.</summary>
internal static class BenchmarkFunction
{
    internal static IPciFunction Open()
    {
        foreach (Func<IPciFunction> open in LoadSource.Builtin().Functions)
        {
            IPciFunction function = open();
            if (FunctionImage.Take(function, isLive: false, allRegisters: true).HeaderType == 0)
            {
                return function;
            }

            function.Dispose();
        }

        throw new InvalidOperationException("no endpoint is shipped");
    }
}

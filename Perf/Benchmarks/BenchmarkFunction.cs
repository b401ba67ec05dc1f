using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Benchmarks;

/// <summary>The shipped network card: 4096 bytes with PM, MSI, MSI-X, PCIe, AER and a serial number.</summary>
internal static class BenchmarkFunction
{
    private const string Name = "e1000e";

    internal static IPciFunction Open() => BuiltinCaptures.TryLoad(Name, out Capture? capture)
        ? CapturedFunction.All(capture)[0]
        : throw new InvalidOperationException($"{Name} is not shipped");
}

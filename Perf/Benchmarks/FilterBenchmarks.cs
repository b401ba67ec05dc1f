using BenchmarkDotNet.Attributes;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Benchmarks;

/// <summary>The filter's decision for one access; nothing else of the pipeline.</summary>
[MemoryDiagnoser]
public class FilterBenchmarks
{
    private AssignedFunction? _function;
    private AccessPlan _plan;
    private IPciFunction? _hardware;

    /// <summary>Compiles the function's map.</summary>
    [GlobalSetup]
    public void Compile()
    {
        IPciFunction function = _hardware = BenchmarkFunction.Open();
        CompiledFunction compiled = FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false);
        _function = new AssignedFunction(function, new PciAddress(0, 0, 0, 0), compiled);
    }

    /// <summary>Making the map of a function with 4096 bytes.</summary>
    [Benchmark]
    public CompiledFunction CompileMap() => FunctionPermissions.Compile(_hardware!, AccessPolicy.Default, readAll: true, isLone: false);

    /// <summary>A register that the shadow answers.</summary>
    [Benchmark]
    public uint PlanShadowRead()
    {
        AccessFilter.PlanRead(_function!, 0x00, 4, ref _plan);
        return _plan.Value;
    }

    /// <summary>A register that hardware answers.</summary>
    [Benchmark]
    public uint PlanHardwareRead()
    {
        AccessFilter.PlanRead(_function!, 0x06, 2, ref _plan);
        return _plan.HardwareMask;
    }

    /// <summary>A write with a side effect.</summary>
    [Benchmark]
    public int PlanCommandWrite()
    {
        AccessFilter.PlanWrite(_function!, 0x04, 2, 0x0006, ref _plan);
        return _plan.StepCount;
    }
}

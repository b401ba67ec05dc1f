using BenchmarkDotNet.Running;
using PciBackFlow.Benchmarks;

if (args is ["maps", ..])
{
    MapFigures.Print(args[1..]);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
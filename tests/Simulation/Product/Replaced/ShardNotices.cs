using PciBackFlow.Simulation;

namespace PciBackFlow.Backend.Serving;

/// <summary>In the place of the product's: what a shard leaves to others is theirs to run, without a registered wait.</summary>
internal sealed class ShardNotices : IDisposable
{
    private readonly VirtualProcess _process = Kernel.Current.Running;
    private bool _isEnded;

    public void Post(Action action) => _process.Kernel.Add(_process, () =>
    {
        if (!_isEnded)
        {
            action();
        }
    });

    public void Dispose() => _isEnded = true;
}

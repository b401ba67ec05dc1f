using Microsoft.Extensions.ObjectPool;

namespace PciBackFlow.Pipeline;

/// <summary>Items that replace those which missed their deadline.</summary>
internal sealed class ItemPolicy<TItem>(Func<TItem> create) : IPooledObjectPolicy<TItem>
    where TItem : PipelineItem
{
    public TItem Create() => create();

    public bool Return(TItem obj) => true;
}

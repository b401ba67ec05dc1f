using System.Diagnostics.CodeAnalysis;

namespace PciBackFlow.Pipeline;

/// <summary>The framework's queue as one atomic step: not what is in question here.</summary>
public sealed class ConcurrentQueue<T>
{
    private readonly Queue<T> _items = new();

    public void Enqueue(T item)
    {
        Kernel.Enter("enqueues", typeof(T).Name);
        _items.Enqueue(item);
        Kernel.Leave();
    }

    public bool TryDequeue([MaybeNullWhen(false)] out T item)
    {
        Kernel.Enter("dequeues", typeof(T).Name);
        bool found = _items.TryDequeue(out item);
        Kernel.Leave();
        return found;
    }
}

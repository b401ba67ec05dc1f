using System.Reflection;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Tests;

/// <summary>
/// Counts what is open of a platform: each of its parts from its opening to its end. Event channels are not counted:
/// their spans cannot be passed on here.
/// </summary>
public sealed class OpenedParts
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    /// <summary>The same platform, watched.</summary>
    public IHypervisor Of(IHypervisor hypervisor) => new Watched(hypervisor, this);

    private T Watch<T>(T part)
        where T : class, IDisposable
    {
        Interlocked.Increment(ref _open);
        T watched = DispatchProxy.Create<T, Part>();
        ((Part)(object)watched).Begin(part, () => Interlocked.Decrement(ref _open));
        return watched;
    }

    /// <summary>One part; what is asked of it is asked of the real one.</summary>
    public class Part : DispatchProxy
    {
        private object? _inner;
        private Action? _ended;

        public void Begin(object inner, Action ended) => (_inner, _ended) = (inner, ended);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == nameof(IDisposable.Dispose))
            {
                Interlocked.Exchange(ref _ended, null)?.Invoke();
            }

            return targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
        }
    }

    private sealed class Watched(IHypervisor inner, OpenedParts parts) : IHypervisor
    {
        public string Name => inner.Name;

        public IEventChannels OpenEventChannels() => inner.OpenEventChannels();

        public IGrantTable OpenGrantTable() => parts.Watch(inner.OpenGrantTable());

        public IXenStore OpenXenStore() => parts.Watch(inner.OpenXenStore());

        public IPhysdev OpenPhysdev() => parts.Watch(inner.OpenPhysdev());

        public IDomainControl OpenDomainControl() => parts.Watch(inner.OpenDomainControl());
    }
}

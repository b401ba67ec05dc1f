using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>
/// A platform as one process has it, which can be killed: before or after the n-th of its effects on the world, or by anybody's hand. What it opened is closed
/// then, as the kernel does, and nothing that it still does has an effect. Thread-safe.
/// </summary>
/// <param name="inner">The platform.</param>
/// <param name="moment">2n - 1 and 2n: killed before and after its n-th effect; 0: not by itself.</param>
internal sealed class MortalPlatform(IHypervisor inner, int moment = 0) : IHypervisor, IMortal
{
    private static readonly string[] EngineThreads = ["shard", "worker"];

    private readonly Lock _lock = new();
    private readonly ConcurrentStack<IDisposable> _opened = new();
    private int _effects;
    private volatile bool _isDead;
    private volatile bool _isBuried;

    public string Name => inner.Name;

    /// <summary>Whether it was killed, and everything that was done at that moment is done.</summary>
    public bool IsDead => _isBuried;

    /// <summary>Whether a thread of the engine was stopped in the middle of a request, which nobody can wait for.</summary>
    public bool HasStoppedThread { get; private set; }

    /// <summary>What is done at the moment of death.</summary>
    public Action OnDeath { get; set; } = static () => { };

    public void Kill()
    {
        lock (_lock)
        {
            if (_isDead)
            {
                return;
            }

            _isDead = true;
        }

        Bury();
    }

    public T Effect<T>(Func<T> effect)
    {
        T? result = default;
        bool dies;
        lock (_lock)
        {
            ThrowIfDead();
            dies = moment == (++_effects * 2) - 1;
            if (!dies)
            {
                result = effect();
                dies = moment == _effects * 2;
            }

            _isDead = dies;
        }

        if (dies)
        {
            Bury();
            End();
        }

        return result!;
    }

    public T Look<T>(Func<T> look)
    {
        ThrowIfDead();
        return look();
    }

    public IEventChannels OpenEventChannels() => Keep(new Channels(this, inner.OpenEventChannels()));

    public IGrantTable OpenGrantTable() => new Grants(this, Keep(inner.OpenGrantTable()));

    public IXenStore OpenXenStore() => new KillSwitch.Store(this, Keep(inner.OpenXenStore()));

    public IPhysdev OpenPhysdev() => new KillSwitch.Physdev(this, Keep(inner.OpenPhysdev()));

    public IDomainControl OpenDomainControl() => new KillSwitch.Domains(this, Keep(inner.OpenDomainControl()));

    private T Keep<T>(T opened)
        where T : IDisposable
    {
        _opened.Push(opened);
        return opened;
    }

    public void ThrowIfDead()
    {
        if (_isDead)
        {
            End();
        }
    }

    // Nothing may be thrown at the engine's threads, which would end the tests with it: such a thread stays where it is, for ever, as it would have.
    [DoesNotReturn]
    private void End()
    {
        if (EngineThreads.Any(static kind => Thread.CurrentThread.Name?.StartsWith(kind, StringComparison.Ordinal) == true))
        {
            HasStoppedThread = true;
            Thread.Sleep(Timeout.Infinite);
        }

        throw new KilledException();
    }

    // Without the lock: what is closed may wait for a thread that is about to find out.
    private void Bury()
    {
        while (_opened.TryPop(out IDisposable? opened))
        {
            opened.Dispose();
        }

        OnDeath();
        _isBuried = true;
    }

    private sealed class Channels(MortalPlatform process, IEventChannels inner) : IEventChannels
    {
        private readonly SemaphoreSlim _wake = new(0);
        private readonly List<int> _ports = [];

        public int BindInterdomain(int domainId, int remotePort) => process.Effect(() => Bound(inner.BindInterdomain(domainId, remotePort)));

        public int AllocateUnbound(int remoteDomainId) => process.Effect(() => Bound(inner.AllocateUnbound(remoteDomainId)));

        public void Unbind(int port)
        {
            if (!process._isDead)
            {
                Act(() =>
                {
                    inner.Unbind(port);
                    _ports.Remove(port);
                });
            }
        }

        public bool Notify(int port) => process.Effect(() => inner.Notify(port));

        public int Read(Span<int> ports, int timeoutMilliseconds)
        {
            int count = process._isDead ? 0 : inner.Read(ports, timeoutMilliseconds);
            if (!process._isDead)
            {
                return count;
            }

            // The thread is where it was at the moment of death, until the test's end has it woken.
            _wake.Wait();
            return 0;
        }

        public void Unmask(ReadOnlySpan<int> ports)
        {
            if (!process._isDead)
            {
                inner.Unmask(ports);
            }
        }

        public void Wake()
        {
            _wake.Release();
            inner.Wake();
        }

        // By the kernel, or by its owner: only the latter's thread is not in there.
        public void Dispose()
        {
            foreach (int port in _ports.ToArray())
            {
                inner.Unbind(port);
            }

            _ports.Clear();
            inner.Wake();
            if (!process._isDead)
            {
                inner.Dispose();
            }
        }

        private int Bound(int port)
        {
            _ports.Add(port);
            return port;
        }

        private void Act(Action action) => process.Effect(action);
    }

    private sealed class Grants(MortalPlatform process, IGrantTable inner) : IGrantTable
    {
        public IGrantMapping Map(int domainId, uint reference) => new Mapping(process, process.Keep(process.Effect(() => inner.Map(domainId, reference))));

        public void Dispose() => inner.Dispose();
    }

    private sealed unsafe class Mapping(MortalPlatform process, IGrantMapping inner) : IGrantMapping
    {
        public byte* Address => inner.Address;

        public void Dispose()
        {
            if (!process._isDead)
            {
                process.Effect(inner.Dispose);
            }
        }
    }
}

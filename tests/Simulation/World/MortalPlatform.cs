using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Simulation;

/// <summary>A platform as one daemon has it: it can be killed before or after any of its effects. What it opened is closed then, as the kernel does.</summary>
/// <param name="inner">The platform.</param>
/// <param name="process">Whose it is.</param>
/// <param name="died">What is done at the moment of death, before anything unwinds.</param>
internal sealed class MortalPlatform(IHypervisor inner, VirtualProcess process, Action died) : IHypervisor, IMortal
{
    private readonly List<Action> _atDeath = [];
    private int _left = int.MaxValue;

    public string Name => inner.Name;

    /// <summary>Ports that are bound now.</summary>
    public int Ports { get; private set; }

    /// <summary>Pages that are mapped now.</summary>
    public int Mappings { get; private set; }

    /// <summary>Killed 2n - 1: before, 2n: after its n-th effect from now on.</summary>
    public void KillAt(int moment) => _left = moment;

    public void Kill()
    {
        if (process.IsDead)
        {
            return;
        }

        process.Kill();
        for (int i = _atDeath.Count - 1; i >= 0; i--)
        {
            _atDeath[i]();
        }

        died();
    }

    public T Effect<T>(Func<T> effect)
    {
        ThrowIfDead();
        Die();
        T result = effect();
        Die();
        return result;
    }

    public T Look<T>(Func<T> look)
    {
        ThrowIfDead();
        return look();
    }

    public void ThrowIfDead()
    {
        if (process.IsDead)
        {
            throw new KilledException();
        }
    }

    public IEventChannels OpenEventChannels() => new Channels(this, inner.OpenEventChannels());

    public IGrantTable OpenGrantTable() => new Grants(this, Keep(inner.OpenGrantTable()));

    public IXenStore OpenXenStore() => new KillSwitch.Store(this, Keep(inner.OpenXenStore()));

    public IPhysdev OpenPhysdev() => new KillSwitch.Physdev(this, Keep(inner.OpenPhysdev()));

    public IDomainControl OpenDomainControl() => new KillSwitch.Domains(this, Keep(inner.OpenDomainControl()));

    private void Die()
    {
        if (_left != int.MaxValue && --_left == 0)
        {
            Kill();
            throw new KilledException();
        }
    }

    private T Keep<T>(T opened)
        where T : IDisposable
    {
        _atDeath.Add(opened.Dispose);
        return opened;
    }

    private sealed class Channels : IEventChannels
    {
        private readonly MortalPlatform _platform;
        private readonly IEventChannels _inner;
        private readonly List<int> _ports = [];

        public Channels(MortalPlatform platform, IEventChannels inner)
        {
            (_platform, _inner) = (platform, inner);
            platform._atDeath.Add(Close);
        }

        public int BindInterdomain(int domainId, int remotePort) => Bound(_platform.Effect(() => _inner.BindInterdomain(domainId, remotePort)));

        public int AllocateUnbound(int remoteDomainId) => Bound(_platform.Effect(() => _inner.AllocateUnbound(remoteDomainId)));

        public void Unbind(int port) => _platform.Effect(() =>
        {
            _inner.Unbind(port);
            _platform.Ports -= _ports.Remove(port) ? 1 : 0;
        });

        public bool Notify(int port) => _platform.Effect(() => _inner.Notify(port));

        // Nobody blocks: who finds nothing has another turn.
        public int Read(Span<int> ports, int timeoutMilliseconds) => _inner.Read(ports, 0);

        public void Unmask(ReadOnlySpan<int> ports) => _inner.Unmask(ports);

        public void Wake() => _inner.Wake();

        public void Dispose() => Close();

        private int Bound(int port)
        {
            _ports.Add(port);
            _platform.Ports++;
            return port;
        }

        private void Close()
        {
            foreach (int port in _ports)
            {
                _inner.Unbind(port);
            }

            _platform.Ports -= _ports.Count;
            _ports.Clear();
            _inner.Dispose();
        }
    }

    private sealed class Grants(MortalPlatform platform, IGrantTable inner) : IGrantTable
    {
        public IGrantMapping Map(int domainId, uint reference) => new Mapping(platform, platform.Effect(() => inner.Map(domainId, reference)));

        public void Dispose() => inner.Dispose();
    }

    private sealed unsafe class Mapping : IGrantMapping
    {
        private readonly MortalPlatform _platform;
        private readonly IGrantMapping _inner;
        private bool _isClosed;

        public Mapping(MortalPlatform platform, IGrantMapping inner)
        {
            (_platform, _inner) = (platform, inner);
            platform.Mappings++;
            platform._atDeath.Add(Close);
        }

        public byte* Address => _inner.Address;

        public void Dispose()
        {
            if (!_isClosed)
            {
                _platform.Effect(Close);
            }
        }

        private void Close()
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _platform.Mappings--;
                _inner.Dispose();
            }
        }
    }
}

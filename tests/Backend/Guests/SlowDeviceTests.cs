using System.Collections.Concurrent;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>Guests whose devices take long: everybody else's handshake goes on.</summary>
public sealed class SlowDeviceTests : IDisposable
{
    private const int Slow = 12;

    private readonly SlowFunctions _functions = new();
    private readonly Bench _bench;
    private readonly List<SmallFrontend> _frontends = [];

    public SlowDeviceTests() => _bench = new(options: standard => standard with { FunctionSource = _functions });

    [Fact]
    public void However_many_devices_are_being_reset_another_guest_connects_meanwhile()
    {
        for (int domain = 1; domain <= Slow; domain++)
        {
            Connect(domain);
        }

        _functions.Gate.Reset();
        for (int domain = 1; domain <= Slow; domain++)
        {
            _bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, $"{domain}"));
        }

        Bench.Eventually(() => _functions.Waiting == Slow, "all of them being reset");

        Connect(Slow + 1);

        Assert.Equal(Slow, _functions.Waiting);
        _functions.Gate.Set();
        Bench.Eventually(() => _functions.Waiting == 0, "all reset");
        Bench.Eventually(() => _bench.Backend.Guests.Count == 1, "all gone");
    }

    public void Dispose()
    {
        _functions.Gate.Set();
        _frontends.ForEach(static frontend => frontend.Dispose());
        _bench.Dispose();
        _functions.Dispose();
    }

    private void Connect(int domain)
    {
        _bench.Create(domain, new PciAddress(0, 1, (byte)domain, 0));
        SmallFrontend frontend = new(_bench, domain);
        _frontends.Add(frontend);
        _bench.AwaitState(domain, 3);
        frontend.Publish();
        _bench.AwaitState(domain, 4);
        frontend.Write("state", "4");
    }

    /// <summary>Functions whose release waits at a gate.</summary>
    private sealed class SlowFunctions : IFunctionSource, IDisposable
    {
        private readonly ConcurrentDictionary<PciAddress, IPciFunction> _claimed = new();
        private int _waiting;

        public ManualResetEventSlim Gate { get; } = new(true);

        public int Waiting => Volatile.Read(ref _waiting);

        public IReadOnlyList<PciAddress> List() => [.. _claimed.Keys];

        public FunctionClaim Claim(int domainId, PciAddress address) => FunctionClaim.Granted(_claimed.GetOrAdd(
            address, static address => new EmulatedFunctionBuilder(0x8086, 0x10D3).Set(0x0B, 1, 2).BaseAddress(0, 0xFEB0_0000, 0x4000).Build(address)));

        public void Release(int domainId, PciAddress address)
        {
            Interlocked.Increment(ref _waiting);
            Gate.Wait();
            Interlocked.Decrement(ref _waiting);
        }

        public void Dispose()
        {
            Gate.Dispose();
            foreach (IPciFunction function in _claimed.Values)
            {
                function.Dispose();
            }
        }
    }
}

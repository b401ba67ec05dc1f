using System.Collections.Concurrent;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;

namespace PciBackFlow.Backend.Tests.Domains;

/// <summary>Who hears of domains that come and end, and in which order.</summary>
public sealed class DomainEventsTests : IDisposable
{
    private readonly LoopbackHost _host = new();
    private readonly IXenStore _store;
    private readonly DomainEvents _events;
    private readonly ConcurrentQueue<string> _told = new();

    public DomainEventsTests()
    {
        _store = _host.BackendView.OpenXenStore();
        _events = new(_store);
    }

    public void Dispose()
    {
        _events.Dispose();
        _store.Dispose();
    }

    [Fact]
    public void Each_change_is_told_to_both_halves_in_the_stated_order_whoever_came_first()
    {
        Listen(DomainListener.Toolstack);
        Listen(DomainListener.Guests);
        Start();

        _host.CreateDomain(7);
        Bench.Eventually(() => _told.Count == 2, "introduced");
        _host.ShutDown(7);
        Bench.Eventually(() => _told.Count == 4, "halted");
        _host.DestroyDomain(7);
        Bench.Eventually(() => _told.Count == 6, "destroyed");

        Assert.Equal(
            [.. Everybody(DomainChange.Introduced), .. Everybody(DomainChange.Ended), .. Everybody(DomainChange.Ended)], _told);
    }

    [Fact]
    public void Who_left_hears_of_nothing_more()
    {
        IDisposable left = Listen(DomainListener.Guests);
        Listen(DomainListener.Toolstack);
        Start();
        left.Dispose();

        _host.CreateDomain(7);
        Bench.Eventually(() => !_told.IsEmpty, "told");

        Assert.Equal([$"{DomainListener.Toolstack} {DomainChange.Introduced}"], _told);
    }

    private static IEnumerable<string> Everybody(DomainChange change) => Enum.GetValues<DomainListener>().Select(listener => $"{listener} {change}");

    private IDisposable Listen(DomainListener listener) => _events.Subscribe(listener, change => _told.Enqueue($"{listener} {change}"));

    // A watch fires when it is registered; that is awaited, so that what follows is told for itself.
    private void Start()
    {
        ConcurrentDictionary<DomainChange, bool> begun = new();
        using IDisposable first = _events.Subscribe(DomainListener.Toolstack, change => begun[change] = true);
        _events.Start();
        Bench.Eventually(() => begun.Count == 2, "watching");
        _told.Clear();
    }
}

using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>What a daemon read before it had to serve is known then without a request, unless somebody changed it.</summary>
public sealed class RememberedStoreTests : IDisposable
{
    private const string Guest = "/local/domain/0/backend/pci/7/0";
    private const string State = Guest + "/state";
    private const string Frontend = "/local/domain/7/device/pci/0";
    private const string Page = Frontend + "/pci-op-ref";

    private readonly IXenStore _others;
    private readonly CountedStore _asked;
    private readonly RememberedStore _store;

    public RememberedStoreTests()
    {
        LoopbackHost host = new();
        _others = host.BackendView.OpenXenStore();
        _others.Write(State, "4");
        _others.Write(Page, "8");
        _asked = new(host.BackendView.OpenXenStore());
        _store = new(_asked);
        _store.Remember(StoreKeys.Guests);
        _store.Remember(Frontend);
        ReadAll();
    }

    [Fact]
    public void What_nobody_changed_is_not_asked_for_again()
    {
        _store.Settle();
        long before = _asked.Requests;

        Assert.Equal("4 [state] 8 none", ReadAll());
        Assert.Equal(0, _asked.Requests - before);
    }

    [Theory]
    [InlineData(State, "5", "5 [state] 8 none")]
    [InlineData(Page, "9", "4 [state] 9 none")]
    [InlineData(Guest + "/num_devs", "1", "4 [num_devs state] 8 none")]
    [InlineData(Frontend + "/magic", "7", "4 [state] 8 7")]
    public void What_somebody_else_changed_before_it_mattered_is_asked_for(string path, string value, string expected)
    {
        _others.Write(path, value);
        _store.Settle();
        Assert.Equal(expected, ReadAll());
    }

    [Fact]
    public void What_somebody_else_removed_is_gone()
    {
        _others.Remove(Guest);
        _store.Settle();
        Assert.Equal("none none 8 none", ReadAll());
    }

    [Fact]
    public void What_is_changed_later_is_noticed_too()
    {
        _store.Settle();
        _others.Write(State, "5");
        Bench.Eventually(() => _store.Read(State) == "5", "it is noticed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_it_writes_itself_it_reads_at_once(bool inTransaction)
    {
        _store.Settle();
        if (inTransaction)
        {
            _store.Run(static access => access.Write(State, "6"));
        }
        else
        {
            _store.Write(State, "6");
        }

        Assert.Equal("6", _store.Read(State));
    }

    [Fact]
    public void Nothing_that_is_read_when_it_matters_is_remembered()
    {
        _store.Settle();
        Assert.Null(_store.Read(Guest + "/online"));
        long before = _asked.Requests;
        Assert.Null(_store.Read(Guest + "/online"));
        Assert.Equal(1, _asked.Requests - before);
    }

    [Fact]
    public void What_nobody_watches_is_always_asked_for()
    {
        Assert.Null(_store.Read("/vm"));
        long before = _asked.Requests;
        Assert.Null(_store.Read("/vm"));
        Assert.Equal(1, _asked.Requests - before);
    }

    [Fact]
    public void When_it_forgets_everything_is_asked_for()
    {
        _store.Settle();
        _store.Forget();
        long before = _asked.Requests;
        ReadAll();
        Assert.Equal(4, _asked.Requests - before);
    }

    public void Dispose()
    {
        _store.Dispose();
        _others.Dispose();
    }

    private string ReadAll() =>
        $"{_store.Read(State) ?? "none"} {Names(_store.Directory(Guest))} {_store.Read(Page) ?? "none"} {_store.Read(Frontend + "/magic") ?? "none"}";

    private static string Names(IReadOnlyList<string>? names) => names is null ? "none" : $"[{string.Join(' ', names.Order())}]";
}

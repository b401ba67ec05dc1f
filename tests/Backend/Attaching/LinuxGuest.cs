using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>Linux's pcifront as far as xenstore goes: probes when its directory appears, connects, follows 7 and 8, closes.</summary>
internal sealed class LinuxGuest : IDisposable
{
    private readonly LoopbackHypervisor _view;
    private readonly IXenStore _store;
    private readonly IEventChannels _channels;
    private readonly List<GrantedPage> _pages = [];
    private readonly List<IDisposable> _watches = [];
    private readonly string _path;
    private readonly string _backend;
    private readonly Lock _lock = new();
    private volatile bool _isSilent;

    public LinuxGuest(LoopbackHost host, int domain)
    {
        _view = host.ViewOf(domain);
        _store = _view.OpenXenStore();
        _channels = _view.OpenEventChannels();
        _path = $"/local/domain/{domain}/device/pci/0";
        _backend = $"/local/domain/0/backend/pci/{domain}/0";
        _watches.Add(_store.Watch($"/local/domain/{domain}/device", _ => React()));
        _watches.Add(_store.Watch(_backend, _ => React()));
    }

    /// <summary>Whether it ignores whatever the backend says.</summary>
    public bool IsSilent
    {
        get => _isSilent;
        set
        {
            _isSilent = value;
            if (!value)
            {
                React();
            }
        }
    }

    public void Write(string key, string value) => _store.Write($"{_path}/{key}", value);

    public void Remove() => _store.Remove(_path);

    public void Dispose()
    {
        _watches.ForEach(watch => watch.Dispose());
        _store.Dispose();
        _channels.Dispose();
        _pages.ForEach(page => page.Dispose());
    }

    private void React()
    {
        lock (_lock)
        {
            try
            {
                if (!_isSilent)
                {
                    Step(_store.Read($"{_path}/state"), _store.Read($"{_backend}/state"));
                }
            }
            catch (HypervisorException)
            {
                // The directory went while it was looked at, or the domain died.
            }
        }
    }

    private void Step(string? own, string? backend)
    {
        switch (own, backend)
        {
            case ("1", not (null or "5" or "6")):
                GrantedPage page = _view.Grant(0);
                _pages.Add(page);
                using (IXenStoreTransaction transaction = _store.BeginTransaction())
                {
                    transaction.Write($"{_path}/pci-op-ref", $"{page.Reference}");
                    transaction.Write($"{_path}/event-channel", $"{_channels.AllocateUnbound(0)}");
                    transaction.Write($"{_path}/magic", "7");
                    if (!transaction.Commit())
                    {
                        return;
                    }
                }

                Write("state", "3");
                break;
            case ("3", "4"):
            case ("7", "8"):
                Write("state", "4");
                break;
            case ("4", "7"):
                Write("state", "7");
                break;
            case ("4", "5" or "6"):
                Write("state", "6");
                break;
        }
    }
}

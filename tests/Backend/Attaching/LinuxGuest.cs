using PciBackFlow.Backend.Xenstore;
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
        _path = StoreKeys.FrontendOf(GuestId.Of(domain));
        _backend = StoreKeys.BackendOf(GuestId.Of(domain));
        _watches.Add(_store.Watch(StoreKeys.In(StoreKeys.HomeOf(domain), "device"), _ => React()));
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
                    Step(_store.Read(StoreKeys.StateOf(_path)), _store.Read(StoreKeys.StateOf(_backend)));
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
                var keys = FrontendKeys.Of(page.Reference, _channels.AllocateUnbound(0));
                _store.Run(access => keys.Write(access, _path));

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

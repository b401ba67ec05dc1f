using System.Globalization;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Simulation;

/// <summary>One life of a guest: its kernel's frontend, as far as a backend can tell.</summary>
internal sealed unsafe class SimulatedGuest : IDisposable
{
    private readonly SeededRandom _random;
    private readonly LoopbackHypervisor _view;
    private readonly IXenStore _store;
    private readonly IEventChannels _channels;
    private readonly string _path;
    private readonly string _backend;
    private readonly List<GrantedPage> _pages = [];
    private FrontendPage _page;
    private bool _hasPage;
    private int _port;
    private PciOpRequest _asked;
    private PciOpRequest? _answer;

    public SimulatedGuest(LoopbackHost host, int domain, Manner manner, SeededRandom random)
    {
        (Domain, Manner, _random) = (domain, manner, random);
        _view = host.ViewOf(domain);
        _store = _view.OpenXenStore();
        _channels = _view.OpenEventChannels();
        var id = GuestId.Of(domain);
        _path = StoreKeys.FrontendOf(id);
        _backend = StoreKeys.BackendOf(id);
    }

    public int Domain { get; }

    public Manner Manner { get; }

    /// <summary>Whether its kernel runs: neither halted nor destroyed.</summary>
    public bool IsRunning { get; set; } = true;

    /// <summary>Whether something happened to it for which it need not end connected.</summary>
    public bool IsExcused { get; set; }

    public bool IsWaiting { get; private set; }

    public bool IsConnected => Own == 4 && StateAt(_backend) == 4;

    public int Own => StateAt(_path);

    public string States => $"{Own}/{StateAt(_backend)}";

    /// <summary>One thing that it does.</summary>
    /// <returns>What, for the history.</returns>
    public string Act()
    {
        try
        {
            return Manner switch
            {
                Manner.Hostile when !_random.OneIn(3) => Misbehave(),
                Manner.Silent when IsConnected => "keeps silent",
                _ => Behave(),
            };
        }
        catch (HypervisorException refused)
        {
            return $"is refused {refused.Errno}";
        }
    }

    /// <summary>Looks at its backend and does what a frontend does about it.</summary>
    public string React()
    {
        int own = Own;
        int backend = StateAt(_backend);
        switch (own, backend)
        {
            case (1, not (0 or 5 or 6)):
                Publish();
                Write("state", "3");
                return "publishes";
            case (3, 4) or (7, 8):
                Write("state", "4");
                return "connects";
            case (4, 7):
                Write("state", "7");
                return "lets go";
            case (4, 5 or 6):
                Write("state", "6");
                return "closes";
            default:
                return "looks";
        }
    }

    /// <summary>What a frontend that behaves does when nothing new is asked of it.</summary>
    public string Finish() => Recover() ?? (Collect() is { } answer ? $"is answered {answer.Error}" : React());

    /// <summary>Asks for a register, unless it waits for an answer.</summary>
    public string Ask(PciOpCode command, int devfn, int offset, uint value)
    {
        if (!_hasPage || IsWaiting)
        {
            return "does not ask";
        }

        ThrowIfAnsweredAgain();
        _asked = new() { Command = command, Devfn = (uint)devfn, Offset = offset, Size = 4, Value = value, Info = 2 };
        MsixEntry[] entries = [new() { Entry = 0 }, new() { Entry = 1 }];
        _page.Post(_asked, command == PciOpCode.EnableMsix ? entries : []);
        IsWaiting = true;
        _channels.Notify(_port);
        return $"asks {command} {devfn:x} {offset:x}";
    }

    /// <summary>Reads its answer, if it is there.</summary>
    public PciOpRequest? Collect()
    {
        if (!IsWaiting || !_page.IsAnswered)
        {
            return null;
        }

        IsWaiting = false;
        _page.ReadAnswer(out PciOpRequest answer);
        _answer = answer;
        return answer;
    }

    /// <summary>What was answered stays as it is until it asks again.</summary>
    public void ThrowIfAnsweredAgain()
    {
        if (Manner == Manner.Hostile || _answer is not { } before || IsWaiting)
        {
            return;
        }

        _page.ReadAnswer(out PciOpRequest now);
        if (!now.IsSameRequestAs(before) || now.Error != before.Error || now.Value != before.Value)
        {
            throw new BrokenPromiseException($"domain {Domain} was answered {before.Error} {before.Value:x}, and then {now.Error} {now.Value:x}");
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        _channels.Dispose();
        _pages.ForEach(static page => page.Dispose());
    }

    private string? Recover()
    {
        if (_hasPage && _page.TryReadRecovery(out RecoveryRequest recovery))
        {
            RecoveryVerdict verdict = recovery.Command switch
            {
                PciOpCode.AerDetected => recovery.State == ChannelState.Normal ? RecoveryVerdict.CanRecover : RecoveryVerdict.NeedReset,
                _ => RecoveryVerdict.Recovered,
            };
            _page.AnswerRecovery((int)verdict);
            _channels.Notify(_port);
            return $"answers {recovery.Command} with {verdict}";
        }

        return null;
    }

    private string Behave()
    {
        if (Recover() is { } recovered)
        {
            return recovered;
        }

        if (Collect() is { } answer)
        {
            return $"is answered {answer.Error} {answer.Value:x}";
        }

        return _random.Next(6) switch
        {
            0 when IsConnected && IsWaiting is false => Ask(AnyCommand(), _random.Next(3) << 3, _random.Next(16) * 4, (uint)_random.NextBits()),
            1 when IsConnected => Ask(PciOpCode.ConfigRead, _random.Next(3) << 3, 0, 0),
            _ => React(),
        };
    }

    private PciOpCode AnyCommand() => (PciOpCode)(_random.OneIn(2) ? _random.Next(2) : _random.Next(6));

    private string Misbehave()
    {
        switch (_random.Next(10))
        {
            case 0:
                string state = _random.OneIn(3) ? Garbage() : $"{_random.Next(10)}";
                Write("state", state);
                return $"writes state {state}";
            case 1:
                string key = _random.Pick(["pci-op-ref", "event-channel", "magic", "state", "backend", "backend-id", "nonsense"]);
                string value = Garbage();
                Write(key, value);
                return $"writes {key} {value}";
            case 2:
                string gone = _random.Pick(["pci-op-ref", "event-channel", "magic", "state", string.Empty]);
                _store.Remove(gone.Length == 0 ? _path : $"{_path}/{gone}");
                return $"removes {gone}";
            case 3:
                Publish();
                return "publishes again";
            case 4 when _hasPage:
                _page.ToggleFlags((SharedFlags)_random.Next(8), (SharedFlags)_random.Next(8));
                _channels.Notify(_port);
                return "toggles flags";
            case 5 when _hasPage:
                _page.AnswerRecovery((int)_random.NextBits());
                _channels.Notify(_port);
                return "answers what nobody asked";
            case 6 when _hasPage:
                _page.Post(new()
                {
                    Command = (PciOpCode)_random.Next(14), Bus = (uint)_random.Next(2), Devfn = (uint)_random.Next(256), Offset = _random.Next(300) - 20,
                    Size = _random.Next(6), Value = (uint)_random.NextBits(), Info = (uint)_random.NextBits(),
                });
                _channels.Notify(_port);
                return "asks nonsense";
            case 7 when _pages.Count > 3:
                _pages[0].Dispose();
                _pages.RemoveAt(0);
                return "revokes a page";
            case 8 when _hasPage:
                _channels.Unbind(_port);
                _port = _channels.AllocateUnbound(0);
                return "closes its channel";
            default:
                return React();
        }
    }

    private string Garbage() => _random.Pick(["", "-1", "99999999999", "4x", "\u0001", "nobody", "0x4", $"{_random.Next(40)}", new string('9', 60)]);

    private void Publish()
    {
        GrantedPage page = _view.Grant(0);
        _pages.Add(page);
        _page = new(page.Address);
        _hasPage = true;
        IsWaiting = false;
        _answer = null;
        _port = _channels.AllocateUnbound(0);
        if (Manner != Manner.Silent)
        {
            _page.AnnounceAerHandler();
        }

        var keys = FrontendKeys.Of(page.Reference, _port);
        _store.Run(access => keys.Write(access, _path));
    }

    private int StateAt(string directory)
    {
        try
        {
            return int.TryParse(_store.Read($"{directory}/state"), NumberStyles.None, CultureInfo.InvariantCulture, out int state) ? state : 0;
        }
        catch (HypervisorException)
        {
            return 0;
        }
    }

    private void Write(string key, string value) => _store.Write($"{_path}/{key}", value);
}

using System.Diagnostics;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Grants;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests;

/// <summary>The least a frontend does: publish, ask, write its state.</summary>
internal sealed unsafe class SmallFrontend : IDisposable
{
    private readonly LoopbackHypervisor _view;
    private readonly IXenStore _store;
    private readonly IEventChannels _channels;
    private readonly string _path;
    private GrantedPage? _grant;
    private FrontendPage _page;
    private int _port;

    public SmallFrontend(Bench bench, int domain)
        : this(bench.Host, domain)
    {
    }

    public SmallFrontend(LoopbackHost host, int domain)
    {
        _view = host.ViewOf(domain);
        _store = _view.OpenXenStore();
        _channels = _view.OpenEventChannels();
        _path = Bench.FrontendPath(domain);
    }

    public void Publish(string? state = "3")
    {
        _grant?.Dispose();
        _grant = _view.Grant(0);
        _page = new(_grant.Address);
        _port = _channels.AllocateUnbound(0);
        var keys = FrontendKeys.Of(_grant.Reference, _port);
        _store.Run(access => keys.Write(access, _path));

        if (state is not null)
        {
            Write("state", state);
        }
    }

    public uint ReadOnlyReference()
    {
        _grant = _view.Grant(0, readOnly: true);
        return _grant.Reference;
    }

    public void Write(string key, string? value)
    {
        if (value is null)
        {
            _store.Remove($"{_path}/{key}");
        }
        else
        {
            _store.Write($"{_path}/{key}", value);
        }
    }

    /// <summary>Signals its channel as it is now, with nothing asked. Any thread.</summary>
    public void Notify() => _channels.Notify(Volatile.Read(ref _port));

    /// <summary>Asks once and waits.</summary>
    public (PciOpStatus Status, uint Value) Read(uint devfn, int offset, int size, uint bus = 0) =>
        Ask(new() { Command = PciOpCode.ConfigRead, Bus = bus, Devfn = devfn, Offset = offset, Size = size });

    /// <summary>Writes a register once and waits.</summary>
    public PciOpStatus Write(uint devfn, int offset, int size, uint value) =>
        Ask(new() { Command = PciOpCode.ConfigWrite, Devfn = devfn, Offset = offset, Size = size, Value = value }).Status;

    private (PciOpStatus Status, uint Value) Ask(PciOpRequest request)
    {
        PciOpRequest answer = Ask(request, []);
        return (answer.Error, answer.Value);
    }

    /// <summary>Asks anything once and waits.</summary>
    /// <param name="request">The request.</param>
    /// <param name="entries">Its MSI-X entries; replaced by those of the answer.</param>
    public PciOpRequest Ask(PciOpRequest request, Span<MsixEntry> entries)
    {
        Post(request, entries);
        return AwaitAnswer(entries);
    }

    /// <summary>Asks anything, and does not wait.</summary>
    public void Post(PciOpRequest request, ReadOnlySpan<MsixEntry> entries = default)
    {
        _page.Post(request, entries);
        _channels.Notify(_port);
    }

    /// <summary>Whether it was signalled since the last time; waits at most so long.</summary>
    public bool IsSignalled(int timeoutMilliseconds)
    {
        Span<int> ports = stackalloc int[1];
        int count = _channels.Read(ports, timeoutMilliseconds);
        _channels.Unmask(ports[..count]);
        return count > 0;
    }

    /// <summary>Waits for what was asked.</summary>
    /// <param name="entries">Replaced by those of the answer.</param>
    public PciOpRequest AwaitAnswer(Span<MsixEntry> entries = default)
    {
        long start = Stopwatch.GetTimestamp();
        while (!_page.IsAnswered)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), "no answer within 10 s");
            Thread.Yield();
        }

        _page.ReadAnswer(out PciOpRequest answer);
        MsixEntryArray answered = default;
        _page.ReadEntries(ref answered);
        ((ReadOnlySpan<MsixEntry>)answered)[..entries.Length].CopyTo(entries);
        return answer;
    }

    /// <summary>Says that it can be asked about errors.</summary>
    public void AnnounceAerHandler() => _page.AnnounceAerHandler();

    /// <summary>What it is asked about an error.</summary>
    public bool TryReadRecovery(out RecoveryRequest request) => _page.TryReadRecovery(out request);

    /// <summary>Answers it with any 32 bits, and signals.</summary>
    public void AnswerRecovery(int verdict)
    {
        _page.AnswerRecovery(verdict);
        Notify();
    }

    /// <summary>Changes flags as no frontend should, and signals.</summary>
    public void ToggleFlags(SharedFlags set, SharedFlags clear)
    {
        _page.ToggleFlags(set, clear);
        Notify();
    }

    public void Dispose()
    {
        _store.Dispose();
        _channels.Dispose();
        _grant?.Dispose();
    }
}

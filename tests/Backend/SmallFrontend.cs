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
    {
        _view = bench.Host.ViewOf(domain);
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
        _page.Post(request, entries);
        _channels.Notify(_port);
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

    public void Dispose()
    {
        _store.Dispose();
        _channels.Dispose();
        _grant?.Dispose();
    }
}

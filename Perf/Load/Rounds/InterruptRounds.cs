using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>
/// What one guest does with its function's messages, over and over: memory decoding on; enable; every message is raised by the device and
/// must arrive at the handler that the guest bound for it, and only there; the control must show it; disable, by either operation; the same
/// messages are raised and must not arrive. Owned by one client thread.
/// </summary>
internal sealed class InterruptRounds : IGuestRounds
{
    // A driver has about as many as processors; more is tested elsewhere.
    private const int MostEntries = 8;
    private const uint Memory = 0x0002;
    private const uint Master = 0x0004;
    private const uint MsiEnable = 0x0001;
    private const uint MsixEnable = 0x8000;
    private const uint MsixMask = 0x4000;

    private readonly MessageCapabilities _messages;
    private readonly uint _devfn;
    private readonly uint _command;
    private readonly uint _line;
    private readonly RequestPage _page;
    private readonly LoopbackDomain _domain;
    private readonly LoopbackPassthrough _devices;
    private readonly PciAddress _host;
    private readonly ushort[] _indexes;
    private readonly int[] _arrived;
    private readonly Action[] _handlers;
    private readonly IDisposable?[] _bound;
    private bool _isMsix;
    private int _round;
    private Step _step;

    /// <param name="image">The function.</param>
    /// <param name="guest">Who has it.</param>
    /// <param name="loopback">The host.</param>
    /// <param name="host">The function's address there.</param>
    /// <param name="enablesMemory">Whether the first round begins with switching memory decoding on; else the guest has done that.</param>
    internal InterruptRounds(FunctionImage image, SimulatedGuest guest, LoopbackHost loopback, PciAddress host, bool enablesMemory)
    {
        _step = enablesMemory ? Step.Command : Step.Enable;
        _messages = MessageCapabilities.Of(image);
        _devfn = guest.Functions[0].Guest.Devfn;
        _command = (image.Dword(4) & 0xFFFF) | Memory | Master;
        _line = image.InterruptLine;
        _page = guest.Frontend!.Page;
        _domain = loopback.Domains.First(domain => domain.DomainId == guest.DomainId);
        _devices = loopback.Passthrough;
        _host = host;
        _isMsix = _messages.MsixControl != 0;
        int count = Math.Max(1, Math.Min(MostEntries, _messages.MsixEntries));

        // From the table's end, so that an index is not by chance the place in the request.
        _indexes = [.. Enumerable.Range(0, count).Select(i => (ushort)Math.Max(0, _messages.MsixEntries - 1 - i))];
        _arrived = new int[count];
        _handlers = [.. Enumerable.Range(0, count).Select<int, Action>(i => () => Interlocked.Increment(ref _arrived[i]))];
        _bound = new IDisposable?[count];
    }

    private enum Step
    {
        Command,
        Enable,
        ReadEnabled,
        Disable,
        ReadDisabled,
    }

    /// <inheritdoc/>
    public bool IsAtStart => _step == Step.Enable;

    /// <summary>Whether the request just passed was the one that showed the messages enabled.</summary>
    internal bool HasJustEnabled => _step == Step.Disable;

    private int Count => _isMsix ? _indexes.Length : 1;

    private int Control => _isMsix ? _messages.MsixControl : _messages.MsiControl;

    /// <inheritdoc/>
    public FrontendRequest Next()
    {
        switch (_step)
        {
            case Step.Command:
                return FrontendRequest.Write(_devfn, 4, 2, _command);
            case Step.Enable when _isMsix:
                _page.SetEntries(_indexes);
                return new() { Command = FrontendRequest.EnableMsix, Devfn = _devfn, Value = (uint)_indexes.Length };
            case Step.Enable:
                return new() { Command = FrontendRequest.EnableMsi, Devfn = _devfn };
            case Step.Disable:
                // Linux sends the one for MSI whichever is on; others send what fits.
                return new() { Command = _isMsix && (_round & 1) == 0 ? FrontendRequest.DisableMsix : FrontendRequest.DisableMsi, Devfn = _devfn };
            default:
                return FrontendRequest.Read(_devfn, Control, 2);
        }
    }

    /// <inheritdoc/>
    public string? Judge(FrontendAnswer answer) => _step switch
    {
        Step.Enable => (_isMsix && answer.Value != 0 ? $"value {answer.Value} beside success" : null) ?? Bind(answer.Value) ?? RaiseAll(arrives: true),
        Step.ReadEnabled => IsEnabled(answer.Value) ? null : $"control 0x{answer.Value:x4} says that nothing is enabled, or all is masked",
        Step.Disable => answer.Value != _line ? $"line {answer.Value} instead of {_line}" : Unbind() ?? RaiseAll(arrives: false),
        Step.ReadDisabled => (answer.Value & (_isMsix ? MsixEnable | MsixMask : MsiEnable)) == 0 ? null : $"control 0x{answer.Value:x4} after disabling",
        _ => null,
    };

    /// <inheritdoc/>
    public void Advance()
    {
        if (_step != Step.ReadDisabled)
        {
            _step++;
            return;
        }

        _step = Step.Enable;
        _round++;
        if (_messages is { MsiControl: not 0, MsixControl: not 0 } && _round % 2 == 0)
        {
            _isMsix = !_isMsix;
        }
    }

    private bool IsEnabled(uint control) =>
        _isMsix ? (control & (MsixEnable | MsixMask)) == MsixEnable : (control & MsiEnable) != 0;

    private string? Bind(uint value)
    {
        for (int i = 0; i < Count; i++)
        {
            int pirq = _isMsix ? _page.VectorOf(i) : (int)value;
            try
            {
                _bound[i] = _domain.BindPirq(pirq, _handlers[i]);
            }
            catch (HypervisorException e)
            {
                return $"vector {i} is pirq {pirq}, which cannot be bound: {e.Message}";
            }
        }

        return null;
    }

    private string? Unbind()
    {
        for (int i = 0; i < _bound.Length; i++)
        {
            _bound[i]?.Dispose();
            _bound[i] = null;
        }

        return null;
    }

    private string? RaiseAll(bool arrives)
    {
        Array.Clear(_arrived);
        for (int i = 0; i < Count; i++)
        {
            bool ran = _devices.RaiseMessage(_host, _isMsix ? _indexes[i] : 0);
            if (ran != arrives || _arrived[i] != (arrives ? 1 : 0))
            {
                return $"message {i} was raised once and arrived {_arrived[i]} times";
            }
        }

        return _arrived.Sum() == (arrives ? Count : 0) ? null : $"{Count} messages were raised and {_arrived.Sum()} arrived";
    }
}

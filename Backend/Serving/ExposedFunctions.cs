using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// The functions one guest has, by their host addresses: the toolstack's N changes under renumbering. Owned by the guest's queue;
/// <see cref="Table"/> is replaced, never changed.
/// </summary>
internal sealed partial class ExposedFunctions
{
    private const int ClassOffset = ConfigRegisters.ClassCode + 2;
    private const uint HeaderTypeMask = 0x7F;

    private readonly int _domainId;
    private readonly GuestServices _services;
    private readonly Action _notice;
    private readonly KeptSlots _slots;
    private readonly Dictionary<PciAddress, AssignedFunction> _functions = [];
    private readonly Dictionary<PciAddress, ToolstackOptions?> _options = [];

    /// <param name="domainId">Whose.</param>
    /// <param name="services">Through what they are claimed and given back.</param>
    /// <param name="wake">Asks for a pass of the guest.</param>
    public ExposedFunctions(int domainId, GuestServices services, Action wake)
    {
        _domainId = domainId;
        _services = services;
        _notice = () => services.Notices.Post(wake);
        _slots = new(services.CreateSlots());
    }

    /// <summary>The host addresses of all that the guest is to have, as its directory says now.</summary>
    public IReadOnlyList<PciAddress> Offered { get; set; } = [];

    public FunctionTable Table { get; private set; } = FunctionTable.Empty;

    /// <summary>The host addresses of all that the guest has.</summary>
    public IReadOnlyList<PciAddress> Hosts => [.. _functions.Keys];

    /// <summary>The host addresses of what the guest has and a directory does not name.</summary>
    public IReadOnlyList<PciAddress> MissingIn(IReadOnlyList<DeviceKeys> devices)
    {
        List<PciAddress>? missing = null;
        foreach (PciAddress host in _functions.Keys)
        {
            if (!devices.Any(device => device.Host == host))
            {
                (missing ??= []).Add(host);
            }
        }

        return missing ?? [];
    }

    /// <summary>The host addresses of what the guest has and does not answer any more, or has failed.</summary>
    public IReadOnlyList<PciAddress> Lost =>
        [.. _functions.Where(static function => function.Value.IsGone || function.Value.HasFailed).Select(static function => function.Key)];

    /// <summary>Whether the guest has it, and it does not answer any more.</summary>
    public bool IsGone(PciAddress host) => _functions.TryGetValue(host, out AssignedFunction? function) && function.IsGone;

    /// <summary>Whether there are such. Asked in every pass, hence without an allocation.</summary>
    public bool HasLost
    {
        get
        {
            foreach (AssignedFunction function in _functions.Values)
            {
                if (function.IsGone || function.HasFailed)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public IReadOnlyList<PciBus> Roots => _functions.Count == 0 ? [] : _slots.Roots();

    /// <summary>Claims a function, finds it a place and compiles its permissions; what the guest has already is left as it is.</summary>
    /// <param name="host">The host's function.</param>
    /// <param name="requested">Where the guest should see it; null for anywhere.</param>
    /// <param name="options">What the toolstack wants for it; null when it says nothing.</param>
    /// <param name="guest">Where the guest sees it.</param>
    /// <returns>Null, or why the guest does not get it; then nothing is held.</returns>
    public DeviceFailure? Expose(PciAddress host, byte? requested, ToolstackOptions? options, out PciAddress guest) =>
        Claim(host, requested, options, inherited: null, out guest);

    private DeviceFailure? Claim(PciAddress host, byte? requested, ToolstackOptions? options, PciAddress? inherited, out PciAddress guest)
    {
        if (_functions.TryGetValue(host, out AssignedFunction? existing))
        {
            guest = existing.GuestAddress;
            return null;
        }

        guest = default;
        if (_services.Leaving.ContainsKey((_domainId, host)))
        {
            return new(DeviceFailureKind.InUse, $"{host} is still being taken back: a request for it has not come back");
        }

        // Its last guest's reset, or a toolstack's, may be under way.
        using var wait = DeviceWait.Begin();
        FunctionClaim claim = inherited is null ? _services.Functions.Claim(_domainId, host) : ClaimAgain(host);
        if (!claim.IsGranted)
        {
            return claim.Refusal;
        }

        DeviceFailure? refusal;
        try
        {
            refusal = Place(claim.Function, host, requested, options, inherited, out guest);
        }
        catch (IOException e)
        {
            refusal = new(DeviceFailureKind.Unusable, $"{host}: its registers cannot be kept for the next daemon: {e.Message}");
        }
        catch (Exception e) when (e is UnsupportedFunctionException or InvalidOperationException or ArgumentException)
        {
            // A function that cannot be compiled is this device's failure, not the guest's.
            refusal = new(DeviceFailureKind.Unsupported, $"{host}: {e.Message}");
        }

        if (refusal is not null)
        {
            _slots.Remove(host);
            _services.EndClaim(_domainId, host);
        }

        return refusal;
    }

    /// <summary>Takes a function out of the guest's table; the caller makes sure that nobody works on it before <see cref="Release"/>.</summary>
    /// <param name="host">The host's function.</param>
    /// <returns>It, or null when the guest does not have it.</returns>
    public AssignedFunction? Withdraw(PciAddress host)
    {
        if (!_functions.Remove(host, out AssignedFunction? function))
        {
            return null;
        }

        _slots.Remove(host);
        _options.Remove(host);
        Table = Table.Without(function.GuestAddress);
        return function;
    }

    /// <summary>Finds the host address of what a guest sees at an address.</summary>
    public PciAddress? FindHost(PciAddress guest)
    {
        foreach ((PciAddress host, AssignedFunction function) in _functions)
        {
            if (function.GuestAddress == guest)
            {
                return host;
            }
        }

        return null;
    }

    /// <summary>Takes a function out of the guest's reach for good, and lets others have it (<see cref="Withdrawal"/>).</summary>
    public void Release(AssignedFunction function)
    {
        using var wait = DeviceWait.Begin();
        new Withdrawal(_domainId, function, _services).Run();
    }

    /// <summary>The guest's frontend is gone: the next one finds no message enabled.</summary>
    public void DisableMessages()
    {
        using var wait = DeviceWait.Begin();
        foreach (AssignedFunction function in _functions.Values)
        {
            if (_services.Interrupts?.Undo(function) == false)
            {
                _services.Warnings.Warn(_domainId, $"{function.Hardware.Address}: an interrupt request has not come back");
            }
        }
    }

    /// <summary>Lets go of everything; the guest is detached.</summary>
    public void ReleaseAll()
    {
        foreach (PciAddress host in new List<PciAddress>(_functions.Keys))
        {
            if (Withdraw(host) is not { } function)
            {
                continue;
            }

            try
            {
                Release(function);
            }
            catch (Exception e)
            {
                // A defect met at one function must not keep the others with a guest that is gone.
                GuestLog.Failed(_services.Logger, _domainId, e);
            }
        }
    }

    // Of its card only what the guest has or is to have counts: it looks for those beside it once, when it first sees it. One that comes later is
    // found all the same: pcifront looks at every number (pcifront_scan_bus).
    private bool IsLone(PciAddress host) =>
        !_functions.Keys.Concat(Offered).Any(other => other != host && other.SharesSlotWith(host));

    // Said by another thread than the one that found it out.
    private Action Notice(string subject)
    {
        void Say() => _services.Warnings.Warn(_domainId, subject);
        return () => _services.Notices.Post(Say);
    }

    private DeviceFailure? Place(
        IPciFunction function, PciAddress host, byte? requested, ToolstackOptions? options, PciAddress? inherited, out PciAddress guest)
    {
        guest = default;
        if (!function.TryRead(ClassOffset, 1, out uint baseClass) || !function.TryRead(ConfigRegisters.HeaderType, 1, out uint headerType))
        {
            return new(DeviceFailureKind.Gone, $"{host} does not answer");
        }

        if (NoAnswer.Is(baseClass, 1) && NoAnswer.Is(headerType, 1))
        {
            return new(DeviceFailureKind.Gone, $"{host} is gone: it answers all ones");
        }

        if ((headerType & HeaderTypeMask) != 0)
        {
            return new(
                DeviceFailureKind.Unsupported,
                $"{host} is a bridge (header type {headerType & HeaderTypeMask}); only functions with header type 0 can be given to a guest");
        }

        SlotRequest wanted = new(host, function.IsVirtualFunction, (byte)baseClass, requested) { IsLone = options is { IsLone: true } };
        SlotResult slot = inherited is { } known ? _slots.Restore(wanted, known) : _slots.Add(wanted);
        if (!slot.IsPlaced)
        {
            return new(DeviceFailureKind.NoSlot, $"{host}: {slot.Refusal}");
        }

        if (slot.Note is not null)
        {
            _services.Warnings.Warn(_domainId, $"{host}: {slot.Note}");
        }

        guest = slot.Guest;
        if (Table.Find(guest.Domain, guest.Bus, guest.Devfn) is not null)
        {
            return new(DeviceFailureKind.NoSlot, $"{host}: another function is at {guest}, where its guest knows it");
        }

        CompiledFunction compiled = _services.Permissions.Compile(_domainId, function, options, IsLone(host));
        VirtualRegisters? left = inherited is null ? null : _services.Inheritance?.Find(_domainId, host, guest, function.Size);
        VirtualRegisters? registers = left ?? _services.Inheritance?.Create(_domainId, host, guest, function.Size);
        AssignedFunction assigned = new(function, guest, compiled, registers, keepState: left is not null)
        {
            GoneChanged = _notice,
            FoundSlow = Notice($"{host} answers slowly: its register accesses are made by workers until they are fast again"),
            FoundAddressesLost = Notice($"{host} had lost its base addresses when its guest switched it on: something reset it. They are written back"),
            FoundStuck = Notice($"{host} hangs: what its guest asked of it has not come back in time"),
        };
        if (left is not null)
        {
            assigned.Refresh();
        }

        if (inherited is null && !SideEffects.Prepare(assigned))
        {
            return new(DeviceFailureKind.Unusable, $"{host}: its power management could not be made ready (wake-up events off, D0)");
        }

        _services.Interrupts?.Add(_domainId, assigned);
        _functions.Add(host, assigned);
        _options[host] = options;
        Table = Table.With(assigned);
        GuestLog.FunctionGiven(_services.Logger, _domainId, host, guest);
        return null;
    }
}

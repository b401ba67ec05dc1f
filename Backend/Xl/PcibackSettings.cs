using System.Collections.Immutable;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Backend.Xl;

/// <summary>
/// What a toolstack wrote into pciback's per-device attributes: <c>permissive</c>, <c>allow_interrupt_control</c>, <c>quirks</c>. It holds for the
/// guest that has the device or gets it next, and ends when that guest lets go of it: unlike Linux's <c>permissive</c>, which the next guest inherits.
/// Thread-safe.
/// </summary>
public sealed class PcibackSettings
{
    /// <summary>Most quirk fields of one device; more are refused.</summary>
    internal const int MaxQuirks = 256;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, Entry> _entries = [];

    /// <summary>A device's settings changed; on the thread that changed them, without locks held.</summary>
    public event Action<PciAddress>? Changed;

    /// <summary>A source whose releases end the settings of what is released.</summary>
    /// <param name="source">Where functions come from.</param>
    /// <returns>The source to give to a backend.</returns>
    public IFunctionSource Over(IFunctionSource source) => new EndingWithTheGuest(this, source);

    /// <summary>The policy with what was written for a device.</summary>
    /// <param name="policy">The policy that would hold.</param>
    /// <param name="function">The device's address on the host.</param>
    /// <returns>The policy that holds; each setting says that it comes from the attribute.</returns>
    public AccessPolicy ApplyTo(AccessPolicy policy, PciAddress function)
    {
        Entry? entry;
        lock (_lock)
        {
            entry = _entries.GetValueOrDefault(function);
        }

        if (entry is null)
        {
            return policy;
        }

        if (entry.IsPermissive)
        {
            policy = policy with { Profile = new(PolicyProfile.Permissive, Origin("permissive", function)) };
        }

        if (entry.AllowsInterruptControl)
        {
            policy = policy with { AllowInterruptControl = new(true, Origin("allow_interrupt_control", function)) };
        }

        return entry.Quirks.IsEmpty ? policy : policy with { Quirks = [.. policy.Quirks, .. entry.Quirks] };
    }

    /// <summary>Ends a device's settings.</summary>
    /// <param name="function">The device's address on the host.</param>
    public void Forget(PciAddress function)
    {
        lock (_lock)
        {
            _entries.Remove(function);
        }
    }

    internal void SetPermissive(PciAddress function) => Change(function, static entry => entry with { IsPermissive = true });

    internal void AllowInterruptControl(PciAddress function) => Change(function, static entry => entry with { AllowsInterruptControl = true });

    /// <summary>Adds a field; one at the register of an earlier field changes nothing, as in Linux.</summary>
    /// <returns>Whether there was room.</returns>
    internal bool AddQuirk(PciAddress function, QuirkField field)
    {
        if (QuirksOf(function).Length >= MaxQuirks)
        {
            return false;
        }

        Change(function, entry => entry.Quirks.Any(known => known.Offset == field.Offset) ? entry : entry with { Quirks = entry.Quirks.Add(field) });
        return true;
    }

    internal bool IsPermissive(PciAddress function) => Of(function).IsPermissive;

    internal bool AllowsInterruptControl(PciAddress function) => Of(function).AllowsInterruptControl;

    internal ImmutableArray<QuirkField> QuirksOf(PciAddress function) => Of(function).Quirks;

    private static SettingOrigin Origin(string attribute, PciAddress function) => new(SettingSource.DriverParameter, $"{attribute}={function}");

    private Entry Of(PciAddress function)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(function, Entry.None);
        }
    }

    private void Change(PciAddress function, Func<Entry, Entry> change)
    {
        lock (_lock)
        {
            _entries[function] = change(_entries.GetValueOrDefault(function, Entry.None));
        }

        Changed?.Invoke(function);
    }

    private sealed record Entry(bool IsPermissive, bool AllowsInterruptControl, ImmutableArray<QuirkField> Quirks)
    {
        public static Entry None { get; } = new(IsPermissive: false, AllowsInterruptControl: false, []);
    }

    private sealed class EndingWithTheGuest(PcibackSettings settings, IFunctionSource source) : IFunctionSource
    {
        private readonly Dictionary<PciAddress, int> _owners = [];

        public FunctionClaim Claim(int domainId, PciAddress address)
        {
            FunctionClaim claim = source.Claim(domainId, address);
            if (claim.IsGranted)
            {
                lock (_owners)
                {
                    _owners[address] = domainId;
                }
            }

            return claim;
        }

        public void Release(int domainId, PciAddress address)
        {
            bool isOwner;
            lock (_owners)
            {
                isOwner = _owners.TryGetValue(address, out int owner) && owner == domainId && _owners.Remove(address);
            }

            if (isOwner)
            {
                settings.Forget(address);
            }

            source.Release(domainId, address);
        }
    }
}

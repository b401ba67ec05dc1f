using System.Collections.Immutable;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Policy;

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

    /// <summary>Something is not what it was any more; on the thread that changed it, without locks held.</summary>
    internal event Action? Edited;

    /// <summary>What was written for a device.</summary>
    /// <param name="function">The device's address on the host.</param>
    /// <returns>The settings; each says that it comes from the attribute.</returns>
    public PolicyStatement For(PciAddress function)
    {
        Entry entry = Of(function);
        return entry == Entry.None ? PolicyStatement.Nothing : new()
        {
            Profile = entry.IsPermissive ? new(PolicyProfile.Permissive, Origin("permissive", function)) : null,
            AllowInterruptControl = entry.AllowsInterruptControl ? new(true, Origin("allow_interrupt_control", function)) : null,
            Quirks = entry.Quirks,
        };
    }

    /// <summary>Ends a device's settings.</summary>
    /// <param name="function">The device's address on the host.</param>
    public void Forget(PciAddress function)
    {
        bool isEdited;
        lock (_lock)
        {
            isEdited = _entries.Remove(function);
        }

        if (isEdited)
        {
            Edited?.Invoke();
        }
    }

    /// <summary>Everything that was written, for the next daemon.</summary>
    internal IReadOnlyList<PcibackSetting> All()
    {
        lock (_lock)
        {
            return
            [
                .. _entries.Select(static entry => new PcibackSetting(
                    entry.Key.ToString(), entry.Value.IsPermissive, entry.Value.AllowsInterruptControl,
                    [.. entry.Value.Quirks.Select(static quirk => new PcibackSetting.Quirk(quirk.Offset, quirk.Size, quirk.Mask))])),
            ];
        }
    }

    /// <summary>What an earlier daemon was told. Before anybody asks for a policy.</summary>
    internal void Restore(IEnumerable<PcibackSetting> settings)
    {
        lock (_lock)
        {
            foreach (PcibackSetting setting in settings)
            {
                if (PciAddress.TryParse(setting.Device, out PciAddress function))
                {
                    _entries[function] = new(
                        setting.Permissive, setting.AllowInterruptControl,
                        [.. setting.Quirks.Take(MaxQuirks).Select(quirk => new QuirkField(quirk.Offset, quirk.Size, quirk.Mask, Origin("quirks", function)))]);
                }
            }
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

        Edited?.Invoke();
        Changed?.Invoke(function);
    }

    private sealed record Entry(bool IsPermissive, bool AllowsInterruptControl, ImmutableArray<QuirkField> Quirks)
    {
        public static Entry None { get; } = new(IsPermissive: false, AllowsInterruptControl: false, []);
    }
}

using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.State;

/// <summary>The records of all devices that are held or being taken: what is on disk is what is here. Safe for use by many threads.</summary>
internal sealed class DeviceRecords
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<PciAddress, HeldRecord> _records = [];
    private readonly StateFile _file;

    /// <summary>Reads what is on disk.</summary>
    /// <exception cref="BackendException">It can't be read.</exception>
    public DeviceRecords(StateFile file)
    {
        _file = file;
        foreach (HeldRecord record in file.Read())
        {
            _records[record.Address] = record;
        }
    }

    /// <summary>All records now, by address.</summary>
    public IReadOnlyList<HeldRecord> All()
    {
        lock (_lock)
        {
            return [.. _records.Values];
        }
    }

    /// <summary>A device's record, or null.</summary>
    public HeldRecord? Find(PciAddress address)
    {
        lock (_lock)
        {
            return _records.GetValueOrDefault(address);
        }
    }

    /// <summary>Writes a record.</summary>
    /// <exception cref="BackendException">It is not on disk; nothing changed.</exception>
    public void Put(HeldRecord record) => Change(record.Address, record);

    /// <summary>Removes a record; none is fine.</summary>
    /// <exception cref="BackendException">It is still on disk; nothing changed.</exception>
    public void Remove(PciAddress address) => Change(address, null);

    /// <summary>Puts back what was there before.</summary>
    /// <exception cref="BackendException">It can't be written; nothing changed.</exception>
    public void Restore(PciAddress address, HeldRecord? before) => Change(address, before);

    /// <summary>What an attribute said before any held device's taking changed it.</summary>
    public string? BeforeChange(PciAddress function, string attribute)
    {
        lock (_lock)
        {
            return _records.Values.SelectMany(static record => record.Changed).FirstOrDefault(
                changed => changed.Function == function && changed.Attribute == attribute)?.Before;
        }
    }

    /// <summary>Whether another held device needs an attribute as it is.</summary>
    public bool IsChangedByOthers(PciAddress device, ChangedAttribute attribute)
    {
        lock (_lock)
        {
            return _records.Values.Any(record => record.Address != device && record.Changed.Any(
                changed => changed.Function == attribute.Function && changed.Attribute == attribute.Attribute));
        }
    }

    private void Change(PciAddress address, HeldRecord? record)
    {
        lock (_lock)
        {
            HeldRecord? before = _records.GetValueOrDefault(address);
            Set(address, record);
            try
            {
                _file.Write(_records.Values);
            }
            catch
            {
                Set(address, before);
                throw;
            }
        }
    }

    private void Set(PciAddress address, HeldRecord? record)
    {
        if (record is null)
        {
            _records.Remove(address);
        }
        else
        {
            _records[address] = record;
        }
    }
}

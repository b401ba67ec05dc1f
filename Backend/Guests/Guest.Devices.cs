using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>This part: its devices come and go.</summary>
internal sealed partial class Guest
{
    private void Expose(DeviceKeys device)
    {
        PciAddress host = device.Host!.Value;
        byte? requested = device.Guest is { Domain: 0, Bus: 0 } published ? published.Devfn : device.RequestedDevfn;
        var options = ToolstackOptions.Parse(StoreKeys.Options(device.Index), device.Options);
        if (options?.Complaint is { } complaint)
        {
            _services.Warnings.Warn(_id.DomainId, complaint);
        }

        Placing(host);
        DeviceFailure? failure = _exposed.Expose(host, requested, options, out PciAddress guest);
        if (failure is not null)
        {
            FailDevice(device.Index, failure);
            return;
        }

        _attachment?.Lane.SetFunctions(_exposed.Table);
        try
        {
            _own.PublishDevice(device.Index, guest);
        }
        catch (HypervisorException)
        {
            // Not published is not given: a function nobody can find must not stay claimed.
            Withdraw(host);
            throw;
        }
    }

    private void Withdraw(DeviceKeys device)
    {
        PciAddress? host = device.Host ?? (device.Guest is { } guest ? _exposed.FindHost(guest) : null);
        if (host is { } known)
        {
            Withdraw(known);
        }
    }

    private void Withdraw(PciAddress host)
    {
        if (_exposed.Withdraw(host) is not { } function)
        {
            return;
        }

        _attachment?.Lane.SetFunctions(_exposed.Table);
        _exposed.Release(function);
    }

    private void FailDevice(int index, DeviceFailure failure)
    {
        _services.Warnings.Warn(_id.DomainId, failure.Reason);
        _own.FailDevice(index, failure);
    }
}

using System.Reflection;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>Xen's domain control, with something that happens while it is asked whether a guest has a device.</summary>
public class AskedDomains : DispatchProxy
{
    private IDomainControl? _inner;

    public IDomainControl Domains => (IDomainControl)(object)this;

    public Action? Asked { get; set; }

    /// <summary>Whether it does not say if interrupts are remapped.</summary>
    public bool HidesRemapping { get; set; }

    public static AskedDomains Around(IDomainControl inner)
    {
        var asked = (AskedDomains)(object)Create<IDomainControl, AskedDomains>();
        asked._inner = inner;
        return asked;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IDomainControl.IsAssignedToGuest))
        {
            Asked?.Invoke();
        }

        if (HidesRemapping && targetMethod.Name == nameof(IDomainControl.RemapsInterrupts))
        {
            return null;
        }

        return targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
    }
}

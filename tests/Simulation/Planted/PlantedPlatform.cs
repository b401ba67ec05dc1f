using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Simulation;

/// <summary>A daemon's mistake, made where it calls the hypervisor: each of these passes everything on but for one thing.</summary>
/// <param name="inner">What the daemon would call.</param>
internal abstract class PlantedPlatform(IHypervisor inner) : IHypervisor
{
    public string Name => inner.Name;

    public IEventChannels OpenEventChannels() => inner.OpenEventChannels();

    public virtual IGrantTable OpenGrantTable() => inner.OpenGrantTable();

    public virtual IXenStore OpenXenStore() => inner.OpenXenStore();

    public virtual IPhysdev OpenPhysdev() => inner.OpenPhysdev();

    public virtual IDomainControl OpenDomainControl() => inner.OpenDomainControl();

    /// <summary>Passes on.</summary>
    internal abstract class Domains(IDomainControl inner) : IDomainControl
    {
        public string Version => inner.Version;

        public bool CanAssignDevices => inner.CanAssignDevices;

        public bool? RemapsInterrupts() => inner.RemapsInterrupts();

        public virtual DomainInfo? Find(int domainId) => inner.Find(domainId);

        public IReadOnlyList<DomainInfo> List() => inner.List();

        public virtual void Assign(int domainId, PciAddress function, bool relaxed) => inner.Assign(domainId, function, relaxed);

        public virtual void Deassign(int domainId, PciAddress function) => inner.Deassign(domainId, function);

        public bool IsAssignedToGuest(PciAddress function) => inner.IsAssignedToGuest(function);

        public IReadOnlyList<PciAddress> GroupOf(int domainId, PciAddress function) => inner.GroupOf(domainId, function);

        public virtual void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow) => inner.AllowMemory(domainId, firstFrame, frames, allow);

        public void AllowPorts(int domainId, uint firstPort, uint ports, bool allow) => inner.AllowPorts(domainId, firstPort, ports, allow);

        public void AllowInterrupt(int domainId, int pirq, bool allow) => inner.AllowInterrupt(domainId, pirq, allow);

        public void Pause(int domainId) => inner.Pause(domainId);

        public virtual void Unpause(int domainId) => inner.Unpause(domainId);

        public void Crash(int domainId) => inner.Crash(domainId);

        public void Dispose() => inner.Dispose();
    }

    /// <summary>Passes on.</summary>
    internal abstract class Store(IXenStore inner) : IXenStore
    {
        public string? Read(string path) => inner.Read(path);

        public IReadOnlyList<string>? Directory(string path) => inner.Directory(path);

        public void Write(string path, string value) => inner.Write(path, value);

        public void MakeDirectory(string path) => inner.MakeDirectory(path);

        public virtual void Remove(string path) => inner.Remove(path);

        public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => inner.GetPermissions(path);

        public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => inner.SetPermissions(path, permissions);

        public virtual IDisposable Watch(string path, Action<string> changed) => inner.Watch(path, changed);

        public IXenStoreTransaction BeginTransaction() => inner.BeginTransaction();

        public void Dispose() => inner.Dispose();
    }
}

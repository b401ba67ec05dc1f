using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>What a program acts through, until it is killed. What is only read does not count as an effect.</summary>
internal static class KillSwitch
{
    internal sealed class Domains(IMortal kill, IDomainControl inner) : IDomainControl
    {
        public string Version => inner.Version;

        public bool CanAssignDevices => inner.CanAssignDevices;

        public bool? RemapsInterrupts() => inner.RemapsInterrupts();

        public DomainInfo? Find(int domainId) => kill.Look(() => inner.Find(domainId));

        public IReadOnlyList<DomainInfo> List() => kill.Look(inner.List);

        public void Assign(int domainId, PciAddress function, bool relaxed) => kill.Effect(() => inner.Assign(domainId, function, relaxed));

        public void Deassign(int domainId, PciAddress function) => kill.Effect(() => inner.Deassign(domainId, function));

        public bool IsAssignedToGuest(PciAddress function) => kill.Look(() => inner.IsAssignedToGuest(function));

        public IReadOnlyList<PciAddress> GroupOf(int domainId, PciAddress function) => kill.Look(() => inner.GroupOf(domainId, function));

        public void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow) =>
            kill.Effect(() => inner.AllowMemory(domainId, firstFrame, frames, allow));

        public void AllowPorts(int domainId, uint firstPort, uint ports, bool allow) => kill.Effect(() => inner.AllowPorts(domainId, firstPort, ports, allow));

        public void AllowInterrupt(int domainId, int pirq, bool allow) => kill.Effect(() => inner.AllowInterrupt(domainId, pirq, allow));

        public void Pause(int domainId) => kill.Effect(() => inner.Pause(domainId));

        public void Unpause(int domainId) => kill.Effect(() => inner.Unpause(domainId));

        public void Crash(int domainId) => kill.Effect(() => inner.Crash(domainId));

        public void Dispose() => inner.Dispose();
    }

    internal sealed class Physdev(IMortal kill, IPhysdev inner) : IPhysdev
    {
        public int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase) =>
            kill.Effect(() => inner.MapMessage(domainId, function, entry, tableBase));

        public int MapMessages(int domainId, PciAddress function, int count, out int available)
        {
            int left = 0;
            int first = kill.Effect(() => inner.MapMessages(domainId, function, count, out left));
            available = left;
            return first;
        }

        public int MapLine(int domainId, int gsi) => kill.Effect(() => inner.MapLine(domainId, gsi));

        public void Unmap(int domainId, int pirq) => kill.Effect(() => inner.Unmap(domainId, pirq));

        public void PrepareMsix(PciAddress function) => kill.Effect(() => inner.PrepareMsix(function));

        public void ReleaseMsix(PciAddress function) => kill.Effect(() => inner.ReleaseMsix(function));

        public void RestoreMessages(PciAddress function) => kill.Effect(() => inner.RestoreMessages(function));

        public void Dispose() => inner.Dispose();
    }

    internal sealed class Store(IMortal kill, IXenStore inner) : IXenStore
    {
        public string? Read(string path) => kill.Look(() => inner.Read(path));

        public IReadOnlyList<string>? Directory(string path) => kill.Look(() => inner.Directory(path));

        public void Write(string path, string value) => kill.Effect(() => inner.Write(path, value));

        public void MakeDirectory(string path) => kill.Effect(() => inner.MakeDirectory(path));

        public void Remove(string path) => kill.Effect(() => inner.Remove(path));

        public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => kill.Look(() => inner.GetPermissions(path));

        public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => kill.Effect(() => inner.SetPermissions(path, permissions));

        public IDisposable Watch(string path, Action<string> changed) => kill.Look(() => inner.Watch(path, changed));

        public IXenStoreTransaction BeginTransaction() => new Transaction(kill, kill.Look(inner.BeginTransaction));

        public void Dispose() => inner.Dispose();
    }

    private sealed class Transaction(IMortal kill, IXenStoreTransaction inner) : IXenStoreTransaction
    {
        private bool _hasWritten;

        public string? Read(string path) => kill.Look(() => inner.Read(path));

        public IReadOnlyList<string>? Directory(string path) => kill.Look(() => inner.Directory(path));

        public void Write(string path, string value) => Change(() => inner.Write(path, value));

        public void MakeDirectory(string path) => Change(() => inner.MakeDirectory(path));

        public void Remove(string path) => Change(() => inner.Remove(path));

        public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => kill.Look(() => inner.GetPermissions(path));

        public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => Change(() => inner.SetPermissions(path, permissions));

        public bool Commit() => _hasWritten ? kill.Effect(inner.Commit) : kill.Look(inner.Commit);

        public void Dispose() => inner.Dispose();

        private void Change(Action change)
        {
            kill.ThrowIfDead();
            _hasWritten = true;
            change();
        }
    }
}

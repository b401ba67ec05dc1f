using System.Runtime.CompilerServices;

namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>
/// One store on its way to memory. Addresses stay valid because no collection runs during a schedule (see <see cref="StillHeap"/>).
/// </summary>
internal abstract class PendingStore(nint address, Site site)
{
    internal nint Address { get; } = address;

    internal Site Site { get; } = site;

    internal abstract void Commit();

    internal static unsafe nint AddressOf<T>(ref T location) => (nint)Unsafe.AsPointer(ref location);
}

/// <summary>A store of one type.</summary>
internal sealed class PendingStore<T>(nint address, T value, Site site) : PendingStore(address, site)
{
    internal T Value { get; } = value;

    internal override unsafe void Commit() => Unsafe.AsRef<T>((void*)Address) = Value;
}

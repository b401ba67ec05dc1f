using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Tests.Frontends;

/// <summary>A page without a backend: the test answers by hand, at the offsets of Xen's public header io/pciif.h.</summary>
internal sealed unsafe class HandDrivenBackend : IEventChannels
{
    private readonly byte* _page = (byte*)NativeMemory.AlignedAlloc(4096, 4096);

    internal HandDrivenBackend() => Page = new RequestPage(_page);

    internal RequestPage Page { get; }

    internal int Notifications { get; private set; }

    internal ref int Flags => ref At(0);

    internal ref int At(int offset) => ref *(int*)(_page + offset);

    internal void Answer(int status, uint value)
    {
        At(8) = status;
        At(32) = (int)value;
        Flags &= ~1;
    }

    public bool Notify(int port)
    {
        Notifications++;
        return true;
    }

    public int BindInterdomain(int domainId, int remotePort) => throw new NotSupportedException();

    public int AllocateUnbound(int remoteDomainId) => throw new NotSupportedException();

    public void Unbind(int port) => throw new NotSupportedException();

    public int Read(Span<int> ports, int timeoutMilliseconds) => throw new NotSupportedException();

    public void Unmask(ReadOnlySpan<int> ports) => throw new NotSupportedException();

    public void Wake() => throw new NotSupportedException();

    public void Dispose()
    {
        Page.Dispose();
        NativeMemory.AlignedFree(_page);
    }
}

using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>A host with one network card, which is held for guests.</summary>
public abstract class HeldNicTests : IDisposable
{
    protected const string Nic = "0000:03:00.0";
    protected const int Command = 0x04;
    protected const int Bar0 = 0x10;
    protected const int MsiXControl = 0xA2;
    protected const int DeviceControl = 0xE8;
    protected const int DeviceStatus = 0xEA;

    protected static readonly PciAddress Address = PciAddress.Parse(Nic);

    protected HeldNicTests()
    {
        Host.AddPort("0000:00:1c.0");
        Host.AddNic(Nic, "e1000e", "0000:00:1c.0");
        Custody = Host.Open();
        Custody.Take(Address, null, force: false);
    }

    private protected FakeHost Host { get; } = new();

    protected DeviceCustody Custody { get; }

    public void Dispose()
    {
        Custody.Dispose();
        Host.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected int Restored() => Host.Happened.Count(static line => line.Contains("RestoreMessages", StringComparison.Ordinal));

    private protected static byte[] Everything(IPciFunction function)
    {
        byte[] all = new byte[function.ReadableSize];
        for (int offset = 0; offset < all.Length; offset++)
        {
            all[offset] = function.TryRead(offset, 1, out uint value) ? (byte)value : (byte)0xEE;
        }

        return all;
    }

    // What a guest can leave: mastering, messages, error masks, payload size, line.
    private protected void Scribble()
    {
        IPciFunction function = Custody.Functions.Claim(5, Address).Function!;
        (int Offset, int Size, uint Value)[] writes =
        [
            (Command, 2, 0x0547), (0x0C, 1, 0x10), (0x3C, 1, 0x05), (MsiXControl, 2, 0xC004), (DeviceControl, 2, 0x2057),
            (0xF0, 2, 0x0043), (0x108, 4, 0x00100000), (0x10C, 4, 0x00400000), (0x114, 4, 0x000000C1), (0x118, 4, 0x000001E0), (0xCC, 2, 0x0100),
        ];
        foreach ((int offset, int size, uint value) in writes)
        {
            Assert.True(function.TryWrite(offset, size, value));
        }
    }

    private protected void Assign(int domain)
    {
        Host.Xen.CreateDomain(domain);
        Custody.MakeReady(Address);
        Host.Domains.Assign(domain, Address, relaxed: false);
    }

    private protected IPciFunction Claimed(int domainId)
    {
        FunctionClaim claim = Custody.Functions.Claim(domainId, Address);
        Assert.True(claim.IsGranted, claim.Refusal?.Reason);
        return claim.Function;
    }
}

using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Xen;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen;

/// <summary>The contract over the wire protocol and a socket, to a xenstored with the loopback's tree.</summary>
public sealed class XenStoreConnectionContractTests : IDisposable
{
    private const string Scratch = "/test/scratch";

    private readonly SocketXenStored _server;

    public XenStoreConnectionContractTests()
    {
        var host = new LoopbackHost();
        _server = new SocketXenStored(host.BackendView.OpenXenStore);
        using XenStoreConnection store = Open();
        store.MakeDirectory(Scratch);
    }

    public static TheoryData<string> Contract => [.. XenStoreContract.Checks.Select(check => check.Name)];

    public void Dispose() => _server.Dispose();

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_connection_keeps_the_contract(string name) => XenStoreContract.Checks.Single(check => check.Name == name)
        .Run(new XenStoreSubject(Open, Scratch, 0, OtherDomainId: 77, TakesRelativePaths: true, Rounds: 1000));

    private XenStoreConnection Open() => new(XenStoreSocket.Open(_server.Path));
}

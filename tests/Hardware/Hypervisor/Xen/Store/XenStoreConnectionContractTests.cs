using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen.Store;

/// <summary>The contract over the wire protocol and a socket, to a xenstored with the loopback's tree.</summary>
public sealed class XenStoreConnectionContractTests : IDisposable
{
    private const string Scratch = "/test/scratch";

    private readonly SocketXenStored _server;

    public XenStoreConnectionContractTests()
    {
        var host = new LoopbackHost();
        _server = new SocketXenStored(host.BackendView.OpenXenStore);
        using XenStoreConnection store = new(XenStoreSocket.Open(_server.Path));
        store.MakeDirectory(Scratch);
    }

    public static TheoryData<string> Contract => [.. XenStoreContract.Checks.Select(check => check.Name)];

    public void Dispose() => _server.Dispose();

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_connection_keeps_the_contract_over_a_socket(string name) =>
        Run(name, () => XenStoreSocket.Open(_server.Path), takesRelativePaths: false);

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_connection_keeps_the_contract_over_what_behaves_as_the_kernels_device(string name) =>
        Run(name, () => new LikeXenBus(XenStoreSocket.Open(_server.Path)), takesRelativePaths: true);

    private static void Run(string name, Func<IXenStoreTransport> transport, bool takesRelativePaths) =>
        XenStoreContract.Checks.Single(check => check.Name == name).Run(new XenStoreSubject(
            () => new XenStoreConnection(transport()), Scratch, 0, OtherDomainId: 77, takesRelativePaths, Rounds: 1000));

    /// <summary>Fails a request that is sent before the one before it is answered.</summary>
    private sealed class LikeXenBus(IXenStoreTransport inner) : IXenStoreTransport
    {
        private readonly XenStoreDecoder _decoder = new();
        private int _inFlight;

        public string Name => inner.Name;

        public bool OneAtATime => true;

        public bool TakesRelativePaths => true;

        public void Send(ReadOnlySpan<byte> message)
        {
            if (Interlocked.Increment(ref _inFlight) != 1)
            {
                throw new IOException("two requests at once");
            }

            inner.Send(message);
        }

        public int Receive(Span<byte> buffer)
        {
            int count = inner.Receive(buffer);
            ReadOnlySpan<byte> received = buffer[..count];
            while (_decoder.TryDecode(ref received, out XenStoreMessage message))
            {
                if (message.Type != XenStoreMessageType.WatchEvent)
                {
                    Interlocked.Decrement(ref _inFlight);
                }
            }

            return count;
        }

        public void Dispose() => inner.Dispose();
    }
}

using System.Buffers.Binary;
using PciBackFlow.Filter;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Samples;

/// <summary>A virtual configuration space over a transport of one's own: 8 bytes a request, 5 bytes an answer.</summary>
public static class ServeSample
{
    /// <summary>Serves until the other end is closed: [0] 0 reads, 1 writes; [1] size; [2..3] offset; [4..7] value. Answer: status, value.</summary>
    public static void Serve(IPciFunction hardware, AccessPolicy policy, Stream transport)
    {
        FilteredFunction guest = new(hardware, policy);
        guest.TryPrepare();
        byte[] request = new byte[8];
        byte[] answer = new byte[5];
        while (transport.ReadAtLeast(request, request.Length, throwOnEndOfStream: false) == request.Length)
        {
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(request.AsSpan(2));
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(request.AsSpan(4));

            // Whatever the guest sent, this is a status and no exception.
            AccessStatus status = request[0] == 0 ? guest.Read(offset, request[1], out value) : guest.Write(offset, request[1], value);

            answer[0] = (byte)status;
            BinaryPrimitives.WriteUInt32LittleEndian(answer.AsSpan(1), value);
            transport.Write(answer);
        }
    }

    public static void Run(TextWriter output)
    {
        BuiltinCaptures.TryLoad("nvme", out Capture? capture);
        using CapturedFunction function = CapturedFunction.All(capture!)[0];

        // In the place of a socket: what the guest sends, and what it gets.
        byte[][] requests = [[0, 4, 0x00, 0, 0, 0, 0, 0], [1, 4, 0x10, 0, 0xff, 0xff, 0xff, 0xff], [0, 4, 0x10, 0, 0, 0, 0, 0], [0, 3, 0x01, 0, 0, 0, 0, 0]];
        using Loop transport = new(requests.SelectMany(static request => request).ToArray());
        Serve(function, AccessPolicy.Default, transport);

        foreach (byte[] answer in transport.Answers.ToArray().Chunk(5))
        {
            output.WriteLine($"{(AccessStatus)answer[0]} 0x{BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(1)):x8}");
        }
    }

    private sealed class Loop(byte[] requests) : MemoryStream(requests)
    {
        public MemoryStream Answers { get; } = new();

        public override void Write(byte[] buffer, int offset, int count) => Answers.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => Answers.Write(buffer);
    }
}

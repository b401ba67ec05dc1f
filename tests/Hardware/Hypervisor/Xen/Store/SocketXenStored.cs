using System.Globalization;
using System.Net.Sockets;
using System.Text;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen.Store;

/// <summary>
/// A small xenstored: the wire protocol on a Unix socket, over the loopback's tree. Its encoding and decoding are written from Xen's
/// docs/misc/xenstore.txt and share nothing with the product's. Like the kernel's device, and unlike the real socket, it takes relative paths.
/// </summary>
internal sealed class SocketXenStored : IDisposable
{
    private readonly Func<IXenStore> _connect;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public SocketXenStored(Func<IXenStore> connect)
    {
        _connect = connect;
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"xs-{Guid.NewGuid():n}"[..20]);
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string Path { get; }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(Path);
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket client = _listener.Accept();
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private void Serve(Socket socket)
    {
        using var client = new Client(socket, _connect());
        client.Serve();
    }

    private sealed class Client(Socket socket, IXenStore store) : IDisposable
    {
        private const int PayloadMax = 4096;

        private readonly NetworkStream _stream = new(socket, ownsSocket: true);
        private readonly Lock _writing = new();
        private readonly Dictionary<uint, IXenStoreTransaction> _transactions = [];
        private readonly Dictionary<(string Path, string Token), IDisposable> _watches = [];
        private uint _lastTransaction;

        public void Serve()
        {
            try
            {
                using var reader = new BinaryReader(_stream);
                while (true)
                {
                    uint type = reader.ReadUInt32();
                    uint request = reader.ReadUInt32();
                    uint transaction = reader.ReadUInt32();
                    uint length = reader.ReadUInt32();
                    if (length > PayloadMax)
                    {
                        return;
                    }

                    byte[] payload = reader.ReadBytes((int)length);
                    byte[] answer;
                    uint answerType = type;
                    try
                    {
                        answer = Answer(type, transaction, payload);
                    }
                    catch (HypervisorException e)
                    {
                        answerType = 16;
                        answer = Encoding.ASCII.GetBytes($"{e.Errno.Name()}\0");
                    }

                    Send(answerType, request, transaction, answer);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The client has gone.
            }
        }

        public void Dispose()
        {
            store.Dispose();
            _stream.Dispose();
        }

        private byte[] Answer(uint type, uint id, byte[] payload)
        {
            IXenStoreAccess view = id == 0 ? store
                : _transactions.TryGetValue(id, out IXenStoreTransaction? open) ? open : throw new HypervisorException(Errno.ENOENT, "no such transaction");
            int end = Array.IndexOf(payload, (byte)0);
            if (end < 0)
            {
                throw new HypervisorException(Errno.EINVAL, "no NUL");
            }

            string first = Encoding.UTF8.GetString(payload, 0, end);
            byte[] rest = payload[(end + 1)..];
            string[] strings = Encoding.UTF8.GetString(rest).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            switch (type)
            {
                case 1:
                    byte[] all = Names(Present(view.Directory(first)));
                    return all.Length > PayloadMax ? throw new HypervisorException(Errno.E2BIG, "too many children") : all;
                case 2:
                    return Encoding.UTF8.GetBytes(Present(view.Read(first)));
                case 3:
                    return Names(Present(view.GetPermissions(first)).Select(p => $"{"nrwb"[(int)p.Access]}{p.DomainId}"));
                case 4:
                    string token = strings[0];
                    _watches[(first, token)] = store.Watch(first, path => Send(15, 0, 0, Encoding.UTF8.GetBytes($"{path}\0{token}\0")));
                    return "OK\0"u8.ToArray();
                case 5:
                    if (!_watches.Remove((first, strings[0]), out IDisposable? watch))
                    {
                        throw new HypervisorException(Errno.ENOENT, "no such watch");
                    }

                    watch.Dispose();
                    return "OK\0"u8.ToArray();
                case 6:
                    _transactions.Add(++_lastTransaction, store.BeginTransaction());
                    return Encoding.ASCII.GetBytes($"{_lastTransaction}\0");
                case 7:
                    _transactions.Remove(id);
                    using (var ending = (IXenStoreTransaction)view)
                    {
                        if (first == "T" && !ending.Commit())
                        {
                            throw new HypervisorException(Errno.EAGAIN, "conflict");
                        }
                    }

                    return "OK\0"u8.ToArray();
                case 11:
                    view.Write(first, Encoding.UTF8.GetString(rest));
                    return "OK\0"u8.ToArray();
                case 12:
                    view.MakeDirectory(first);
                    return "OK\0"u8.ToArray();
                case 13:
                    view.Remove(first);
                    return "OK\0"u8.ToArray();
                case 14:
                    view.SetPermissions(first, [.. strings.Select(s =>
                        new XenStorePermission(int.Parse(s[1..], CultureInfo.InvariantCulture), (XenStoreAccess)"nrwb".IndexOf(s[0])))]);
                    return "OK\0"u8.ToArray();
                case 22:
                    return Part(Names(Present(view.Directory(first))), int.Parse(strings[0], CultureInfo.InvariantCulture));
                default:
                    throw new HypervisorException(Errno.ENOSYS, "not a request");
            }
        }

        /// <summary>As many whole names as fit, and an empty one behind the last (xenstored send_directory_part).</summary>
        private static byte[] Part(byte[] names, int offset)
        {
            string generation = $"{names.Length}\0";
            int length = Math.Min(names.Length - offset, PayloadMax - generation.Length - 1);
            while (length > 0 && names[offset + length - 1] != 0)
            {
                length--;
            }

            string end = offset + length == names.Length ? "\0" : "";
            return [.. Encoding.ASCII.GetBytes(generation), .. names.AsSpan(offset, length), .. Encoding.ASCII.GetBytes(end)];
        }

        private static T Present<T>(T? value)
            where T : class => value ?? throw new HypervisorException(Errno.ENOENT, "no such node");

        private static byte[] Names(IEnumerable<string> names) => [.. names.SelectMany(name => Encoding.UTF8.GetBytes($"{name}\0"))];

        private void Send(uint type, uint request, uint transaction, byte[] payload)
        {
            byte[] message = [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(request), .. BitConverter.GetBytes(transaction),
                .. BitConverter.GetBytes(payload.Length), .. payload];
            lock (_writing)
            {
                try
                {
                    _stream.Write(message);
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    // The client has gone.
                }
            }
        }
    }
}

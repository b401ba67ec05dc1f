using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Hardware.Fuse;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Xl;

/// <summary>
/// The directory that unmodified libxl takes for Linux xen-pciback's, <c>/sys/bus/pci/drivers/pciback</c>, backed by the devices this daemon holds.
/// It is a file system of its own (FUSE), so that every write is answered with its outcome; <see cref="XlView"/> puts it where libxl looks.
/// It must be made in the host's mount namespace. One thread reads requests and answers them; what is written is done beside it, in order, because that
/// may take seconds. When the process ends, every access fails at once.
/// </summary>
public sealed class PcibackDirectory : IDisposable
{
    private const int MaxPending = 64;

    private readonly FuseConnection _connection;
    private readonly PcibackFiles _files;
    private readonly ILogger _logger;
    private readonly Channel<byte[]> _pending =
        Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MaxPending) { SingleReader = true, SingleWriter = true });
    private readonly Thread _reader;
    private readonly Task _writing;
    private int _isDisposed;

    /// <summary>Mounts the directory and answers for it. One that an earlier process left is replaced, in every view that has it.</summary>
    /// <param name="custody">The devices it shows, and who takes and gives back.</param>
    /// <param name="settings">Where per-device attributes go.</param>
    /// <param name="runDirectory">The daemon's directory for this boot.</param>
    /// <param name="logger">Where what was written is told.</param>
    /// <exception cref="BackendException">No /dev/fuse, or no privilege.</exception>
    public PcibackDirectory(IDeviceCustody custody, PcibackSettings settings, string runDirectory, ILogger logger)
    {
        _logger = logger;
        _files = new(new(custody, settings, logger));
        string directory = XlView.PcibackIn(runDirectory);
        try
        {
            _connection = Mount(directory, runDirectory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new BackendException(BackendFailure.Failed, $"xl has no view of this daemon: {failure.Message}", failure);
        }

        _reader = new(ReadAll) { IsBackground = true, Name = "pciback files" };
        _reader.Start();
        _writing = Task.Run(WriteAllAsync);
        PcibackLog.Served(logger, directory);
    }

    /// <summary>Unmounts it, in every view; waits for a write under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _connection.Stop();
        _reader.Join();
        _pending.Writer.Complete();
        _writing.Wait();
        _connection.Dispose();
    }

    private static FuseConnection Mount(string directory, string runDirectory)
    {
        string shared = XlView.DriversIn(runDirectory);
        Directory.CreateDirectory(shared);
        MountTable.ShareMemory(shared);
        // More than one may lie there, and a dead one answers nothing but this.
        while (MountTable.Detach(directory))
        {
        }

        Directory.CreateDirectory(directory);
        return FuseConnection.Mount(directory, "pcibackflow");
    }

    private void ReadAll()
    {
        byte[] message = new byte[FuseConnection.BufferSize];
        byte[] reply = new byte[FuseConnection.BufferSize];
        while (_connection.Receive(message) is > 0 and var length)
        {
            if (!FuseRequest.TryParse(message.AsSpan(0, length), out FuseRequest request))
            {
                continue;
            }

            if (request.Opcode != FuseOpcode.Write)
            {
                Send(Answer(request, reply));
            }
            else if (!_pending.Writer.TryWrite(message[..length]))
            {
                Send(FuseReply.Error(reply, request.Unique, Errno.EAGAIN));
            }
        }

        void Send(int length)
        {
            if (length > 0)
            {
                _connection.Send(reply.AsSpan(0, length));
            }
        }
    }

    private async Task WriteAllAsync()
    {
        byte[] reply = new byte[FuseConnection.BufferSize];
        await foreach (byte[] message in _pending.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (FuseRequest.TryParse(message, out FuseRequest request))
            {
                _connection.Send(reply.AsSpan(0, Answer(request, reply)));
            }
        }
    }

    // A directory that cannot be read or written must not end the daemon.
    private int Answer(in FuseRequest request, Span<byte> reply)
    {
        try
        {
            return _files.Answer(request, reply);
        }
        catch (Exception failure)
        {
            PcibackLog.Unreadable(_logger, failure);
            return FuseReply.Error(reply, request.Unique, Errno.EIO);
        }
    }
}

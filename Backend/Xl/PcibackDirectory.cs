using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Hardware.Fuse;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Xl;

/// <summary>
/// The directory that unmodified libxl takes for Linux xen-pciback's, <c>/sys/bus/pci/drivers/pciback</c>, backed by the devices this daemon holds.
/// It is a file system of its own (FUSE), so that every write is answered with its outcome; <see cref="XlView"/> puts it where libxl looks.
/// It must be made in the host's mount namespace. One thread reads requests and answers them; another does what is written, in order, because that
/// may take seconds. When the process ends, every access fails at once.
/// </summary>
public sealed class PcibackDirectory : IDisposable
{
    private const int MaxPending = 64;

    private readonly FuseConnection _connection;
    private readonly PcibackFiles _files;
    private readonly ILogger _logger;
    private readonly BlockingCollection<byte[]> _pending = new(MaxPending);
    private readonly Thread _reader;
    private readonly Thread _writer;
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
        _writer = new(WriteAll) { IsBackground = true, Name = "pciback writes" };
        _reader.Start();
        _writer.Start();
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
        _pending.CompleteAdding();
        _writer.Join();
        _connection.Dispose();
        _pending.Dispose();
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
                Send(Answer(request));
            }
            else if (!_pending.TryAdd(message[..length]))
            {
                Send(FuseReply.Error(reply, request.Unique, Errno.EAGAIN));
            }
        }

        // A directory that can't be read must not end the daemon.
        int Answer(in FuseRequest request)
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

        void Send(int length)
        {
            if (length > 0)
            {
                _connection.Send(reply.AsSpan(0, length));
            }
        }
    }

    private void WriteAll()
    {
        byte[] reply = new byte[FuseConnection.BufferSize];
        foreach (byte[] message in _pending.GetConsumingEnumerable())
        {
            if (FuseRequest.TryParse(message, out FuseRequest request))
            {
                _connection.Send(reply.AsSpan(0, _files.Answer(request, reply)));
            }
        }
    }
}

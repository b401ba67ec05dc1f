using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>A service manager with a descriptor store, as systemd has it, reached by real datagrams with real descriptors.</summary>
internal sealed partial class MemoryServiceManager : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DescriptorMail _mail;
    private readonly Lock _lock = new();
    private readonly List<(string Name, SafeFileHandle Descriptor)> _stored = [];
    private readonly Thread _reader;
    private volatile bool _isOver;

    public MemoryServiceManager()
    {
        _mail = new(_folder["notify"]);
        _reader = new(() =>
        {
            while (!_isOver)
            {
                Read();
                Thread.Sleep(1);
            }
        }) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>The names in the store.</summary>
    public IReadOnlyList<string> Stored
    {
        get
        {
            lock (_lock)
            {
                Read();
                return [.. _stored.Select(static one => one.Name).Order()];
            }
        }
    }

    /// <summary>What is passed besides, or instead, at the next start.</summary>
    public Func<List<PassedDescriptor>, List<PassedDescriptor>> Passing { get; set; } = static passed => passed;

    /// <summary>A daemon is started: it gets what is stored.</summary>
    public DescriptorStore Start(ILogger logger)
    {
        lock (_lock)
        {
            Read();
            List<PassedDescriptor> passed = Passing([.. _stored.Select(static one => new PassedDescriptor(one.Name, Copy(one.Descriptor)))]);
            return new(new NotifySocket(_mail.Path), passed, logger);
        }
    }

    /// <summary>Another descriptor of a file that is stored.</summary>
    public SafeFileHandle Copy(string name)
    {
        lock (_lock)
        {
            return Copy(_stored.Single(one => one.Name == name).Descriptor);
        }
    }

    /// <summary>The service was stopped: nothing is kept.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _stored.ForEach(static one => one.Descriptor.Dispose());
            _stored.Clear();
        }
    }

    // Takes the messages that lie there.
    private void Read()
    {
        lock (_lock)
        {
            while (_mail.Take() is { } message)
            {
                Take(message.Text, message.Descriptor);
            }
        }
    }

    private void Take(string text, SafeFileHandle? descriptor)
    {
        var said = text.Split('\n').Select(static line => line.Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair[1]);
        if (said.ContainsKey("FDSTORE"))
        {
            Assert.Equal("0", said["FDPOLL"]);
            _stored.Add((said["FDNAME"], descriptor ?? throw new InvalidOperationException("no descriptor")));
        }

        if (said.ContainsKey("FDSTOREREMOVE"))
        {
            _stored.FindAll(one => one.Name == said["FDNAME"]).ForEach(static one => one.Descriptor.Dispose());
            _stored.RemoveAll(one => one.Name == said["FDNAME"]);
        }
    }

    public void Dispose()
    {
        _isOver = true;
        _reader.Join();
        Read();
        _stored.ForEach(static one => one.Descriptor.Dispose());
        _mail.Dispose();
        _folder.Dispose();
    }

    private static SafeFileHandle Copy(SafeFileHandle descriptor)
    {
        bool added = false;
        descriptor.DangerousAddRef(ref added);
        try
        {
            return new(Duplicate((int)descriptor.DangerousGetHandle()), ownsHandle: true);
        }
        finally
        {
            descriptor.DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);
}

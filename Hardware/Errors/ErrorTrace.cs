using System.Text;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// The trace event <c>ras:aer_event</c>, in a buffer of its own (Linux Documentation/trace/ftrace.rst, "Instances"), so that nobody else's tracing is
/// disturbed or disturbs. Used by one thread.
/// </summary>
internal sealed unsafe class ErrorTrace : IDisposable
{
    private const string Name = "pcibackflow-errors";
    private const int MostPending = 64 * 1024;

    private readonly string _instance;
    private bool _isLeft;
    private readonly StringBuilder _pending = new();

    private ErrorTrace(string instance, int descriptor)
    {
        _instance = instance;
        Descriptor = descriptor;
    }

    /// <summary>What is waited for.</summary>
    public int Descriptor { get; }

    /// <summary>Where tracefs is on this host.</summary>
    /// <returns>The directory; the usual one where there is none.</returns>
    public static string FindRoot() => Array.Find(["/sys/kernel/tracing", "/sys/kernel/debug/tracing"], static path => Directory.Exists($"{path}/instances"))
        ?? "/sys/kernel/tracing";

    /// <summary>Switches it on. An instance that an earlier daemon left is gone on with.</summary>
    /// <param name="root">Where tracefs is.</param>
    /// <returns>Where its lines arrive.</returns>
    /// <exception cref="IOException">There is no tracefs, no such event, or no right.</exception>
    public static ErrorTrace Open(string root)
    {
        string instance = Path.Combine(root, "instances", Name);
        try
        {
            Directory.CreateDirectory(instance);
            File.WriteAllText(Path.Combine(instance, "events/ras/aer_event/enable"), "1");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        int descriptor = LinuxCalls.Open(Path.Combine(instance, "trace_pipe"), LinuxCalls.NonBlocking | LinuxCalls.CloseOnExec);
        return descriptor >= 0 ? new(instance, descriptor) : throw LinuxCalls.Failure("cannot read the trace of errors");
    }

    /// <summary>Takes the lines that are complete.</summary>
    /// <param name="buffer">Room to read.</param>
    /// <returns>The lines.</returns>
    public IReadOnlyList<string> ReadLines(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint read;
            while (_pending.Length < MostPending && (read = LinuxCalls.Read(Descriptor, bytes, (nuint)buffer.Length)) > 0)
            {
                _pending.Append(Encoding.UTF8.GetString(buffer[..(int)read]));
            }
        }

        string text = _pending.ToString();
        int end = text.LastIndexOf('\n');
        _pending.Clear();

        // What does not end is no line of the kernel's.
        if (end < text.Length - 1 && text.Length < MostPending)
        {
            _pending.Append(text.AsSpan(end + 1));
        }

        return end < 0 ? [] : text[..end].Split('\n');
    }

    /// <summary>Somebody else has it as well: it stays on.</summary>
    public void Leave() => _isLeft = true;

    /// <summary>Switches it off, unless it was left.</summary>
    public void Dispose()
    {
        _ = LinuxCalls.Close(Descriptor);
        if (_isLeft)
        {
            return;
        }

        try
        {
            File.WriteAllText(Path.Combine(_instance, "events/ras/aer_event/enable"), "0");
            Directory.Delete(_instance);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody looks at it: it stays, switched off or not, and the next daemon goes on with it.
        }
    }
}

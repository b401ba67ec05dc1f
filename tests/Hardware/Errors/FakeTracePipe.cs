using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Tests.Errors;

/// <summary>A pipe with a name, as the kernel's <c>trace_pipe</c> is one: readable while there is something in it.</summary>
internal sealed partial class FakeTracePipe : IDisposable
{
    private readonly FileStream _end;

    public FakeTracePipe(string path)
    {
        Assert.Equal(0, MakePipe(path, 0b110_000_000));

        // Both ends: opening one alone waits for the other.
        _end = new(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0 });
    }

    public void Write(string lines) => _end.Write(System.Text.Encoding.ASCII.GetBytes(lines));

    public void Dispose() => _end.Dispose();

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}

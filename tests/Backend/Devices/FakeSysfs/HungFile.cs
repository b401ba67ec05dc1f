using System.Diagnostics;

namespace PciBackFlow.Backend.Tests.Devices.FakeSysfs;

/// <summary>A file in another's place that holds up whoever opens it to read, until it is disposed: a device that does not answer at all.</summary>
internal sealed class HungFile : IDisposable
{
    private readonly string _path;

    public HungFile(string path)
    {
        _path = path;
        File.Delete(path);
        using var made = Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    // Opened both ways it waits for nobody, and whoever waits for a writer finds one that has gone.
    public void Dispose()
    {
        using (File.Open(_path, FileMode.Open, FileAccess.ReadWrite))
        {
        }

        File.Delete(_path);
    }
}

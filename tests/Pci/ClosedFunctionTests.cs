using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Pci.Tests;

/// <summary>
/// A function that is closed while a thread is inside an access, or about to begin one: the kernel gives a closed descriptor's number to the next file that is
/// opened, and an access that still had the number would reach that file, which is another function's.
/// </summary>
public sealed class ClosedFunctionTests : IDisposable
{
    private const int BadDescriptor = 9; // EBADF

    private static readonly PciAddress Mine = new(0, 3, 0, 0);
    private static readonly PciAddress Other = new(0, 4, 0, 0);
    private readonly string _root = Directory.CreateTempSubdirectory("pcibackflow-closed-").FullName;

    public ClosedFunctionTests()
    {
        foreach (PciAddress address in (PciAddress[])[Mine, Other])
        {
            string directory = Directory.CreateDirectory(Path.Combine(_root, address.ToString())).FullName;
            File.WriteAllBytes(Path.Combine(directory, "config"), new byte[256]);
            File.WriteAllText(Path.Combine(directory, "reset"), "");
        }
    }

    public void Dispose() => Directory.Delete(_root, true);

    [Fact]
    public void A_descriptor_that_an_access_uses_is_closed_when_the_access_has_ended()
    {
        using ConfigFile mine = Open(Mine);
        nint descriptor = mine.DangerousGetHandle();
        bool isUnderWay = false;
        mine.DangerousAddRef(ref isUnderWay); // as an access does

        mine.Dispose();

        using (ConfigFile next = Open(Other))
        {
            Assert.NotEqual(descriptor, next.DangerousGetHandle());
            mine.DangerousRelease();
        }

        Assert.True(mine.IsClosed);
        Assert.False(IsOpen(descriptor, Mine));
    }

    [Fact]
    public unsafe void An_access_to_a_closed_file_fails_and_allocates_nothing()
    {
        ConfigFile mine = Open(Mine);
        mine.Dispose();
        uint value = 6;
        long before = GC.GetAllocatedBytesForCurrentThread();

        int read = mine.Read(4, &value, 2, out int why);
        int written = mine.Write(4, &value, 2, out _);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal((-1, -1, BadDescriptor), (read, written, why));
    }

    [Fact]
    public void A_closed_function_fails_every_access_and_operation()
    {
        var function = SysfsFunction.Open(Mine, true, _root);
        function.Dispose();

        Assert.False(function.TryRead(0, 4, out uint value));
        Assert.Equal(uint.MaxValue, value);
        Assert.False(function.TryWrite(4, 2, 6));
        Assert.False(function.TryEnable());
        Assert.False(function.TryReset());
        Assert.Equal("", File.ReadAllText(Path.Combine(_root, Mine.ToString(), "reset")));
        function.Dispose();
    }

    [Fact]
    public void Writers_that_race_with_closing_never_reach_the_file_that_is_opened_next()
    {
        for (int round = 0; round < 300; round++)
        {
            var mine = SysfsFunction.Open(Mine, true, _root);
            using Barrier together = new(3);
            Thread[] writers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                while (mine.TryWrite(4, 2, 0xBEEF))
                {
                }
            }))];
            Array.ForEach(writers, static writer => writer.Start());
            together.SignalAndWait();
            Thread.SpinWait(round * 20);

            mine.Dispose();
            using var next = SysfsFunction.Open(Other, true, _root);

            Array.ForEach(writers, static writer => writer.Join());
            Assert.True(next.TryRead(4, 2, out uint command));
            Assert.Equal(0u, command);
        }
    }

    private static bool IsOpen(nint descriptor, PciAddress address) =>
        new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget?.Contains(address.ToString(), StringComparison.Ordinal) == true;

    private ConfigFile Open(PciAddress address) =>
        ConfigFile.TryOpen(Path.Combine(_root, address.ToString(), "config"), writable: true, out _)
        ?? throw new InvalidOperationException("the test's own file cannot be opened");
}

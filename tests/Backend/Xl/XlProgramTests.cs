
using PciBackFlow.Backend.Xl;

namespace PciBackFlow.Backend.Tests.Xl;

public sealed class XlProgramTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("a/xl usr/sbin/xl", "a/xl")]
    [InlineData("usr/sbin/xl usr/lib/xen-4.17/bin/xl", "usr/sbin/xl")]
    [InlineData("usr/lib/xen-4.9/bin/xl usr/lib/xen-4.17/bin/xl", "usr/lib/xen-4.17/bin/xl")]
    [InlineData("usr/lib/xen-4.19/bin/xl usr/lib/xen-4.17/bin/xl sys/hypervisor/version/major=4 sys/hypervisor/version/minor=17", "usr/lib/xen-4.17/bin/xl")]
    [InlineData("usr/lib/xen-common/bin/xl", "usr/lib/xen-common/bin/xl")]
    [InlineData("a/xl-is-no-program=text", null)]
    public void Xl_is_found_where_hosts_keep_it(string files, string? expected)
    {
        foreach (string file in files.Split(' '))
        {
            string[] parts = file.Split('=');
            string path = _root.Write(parts[0], parts.Length > 1 ? parts[1] : "#!/bin/sh\n");
            if (parts.Length == 1)
            {
                SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }
        }

        Assert.Equal(expected is null ? null : _root[expected], XlProgram.Find($"{_root["none"]}:{_root["a"]}", _root["."].TrimEnd('.')));
    }

    [Fact]
    public void A_file_that_is_no_program_is_passed_over()
    {
        SetMode(_root.Write("a/xl", "text"), UnixFileMode.UserRead);

        Assert.Null(XlProgram.Find(_root["a"], _root["none"]));
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}

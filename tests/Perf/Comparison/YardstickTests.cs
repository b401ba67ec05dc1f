using System.Diagnostics;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Perf.Comparison;

namespace PciBackFlow.Perf.Tests.Comparison;

/// <summary>The C loop itself, where a compiler is. It compares every answer with its table and fails at the first wrong one. No time is judged.</summary>
public sealed class YardstickTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pbf-yardstick").FullName;

    [Fact]
    public void It_answers_a_listing_of_the_shipped_card_in_both_modes_with_and_without_spinning()
    {
        Assert.SkipUnless(HasCompiler(), "no C compiler here");
        string program = Path.Combine(_folder, "yardstick");
        Assert.Equal((0, string.Empty), Run("cc", program));
        Assert.True(BuiltinCaptures.TryLoad("e1000e", out Capture? capture));
        CapturedFunction function = CapturedFunction.All(capture)[0];
        using var yardstick = new Yardstick(program, function);
        string raw = Path.Combine(_folder, "raw.txt");

        Assert.True(yardstick.MeasureEngine(0.1, 1) > 0);
        Assert.True(yardstick.MeasureEngine(0.1, int.MaxValue) > 0);
        Assert.True(yardstick.MeasureLoopback(0.2, guests: 1, spinMicroseconds: 20, raw).P50 > 0);
        Assert.True(yardstick.MeasureLoopback(0.2, guests: 9, spinMicroseconds: 0, raw: null).P99 > 0);
        Assert.All(File.ReadLines(raw), static line => Assert.True(uint.Parse(line, System.Globalization.CultureInfo.InvariantCulture) > 0));
    }

    [Fact]
    public void The_one_that_serves_a_guest_of_Xen_says_on_another_machine_what_it_lacks()
    {
        Assert.SkipUnless(HasCompiler(), "no C compiler here");
        Assert.SkipWhen(File.Exists("/dev/xen/xenbus"), "this is a host of Xen");
        string program = Path.Combine(_folder, "xen");
        Assert.Equal((0, string.Empty), Run("cc", program, "xen"));

        Assert.Equal((2, "usage: xen --guest DOMID --device 0000:BB:DD.F [--spin US]\n"), Start(new(program, ["--guest", "0", "--device", "0000:00:04.0"])));
        (int code, string said) = Start(new(program, ["--guest", "1", "--device", "0000:00:04.0"]));
        Assert.Equal(1, code);
        Assert.StartsWith("xen: /dev/xen/xenbus: ", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_compiler_the_build_says_which_package_is_missing()
    {
        (int code, string said) = Run("no-such-compiler", Path.Combine(_folder, "none"));

        Assert.Equal(1, code);
        Assert.Contains("install the package gcc", said, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static bool HasCompiler() => Array.Exists(
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':'), static folder => File.Exists(Path.Combine(folder, "cc")));

    private static (int Code, string Said) Run(string compiler, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Root(), "Perf", "Yardstick", "build"), arguments);
        start.Environment["CC"] = compiler;
        return Start(start);
    }

    private static (int Code, string Said) Start(ProcessStartInfo start)
    {
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, said);
    }

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "PciBackFlow.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("PciBackFlow.sln is in no folder above the test binaries.");
    }
}

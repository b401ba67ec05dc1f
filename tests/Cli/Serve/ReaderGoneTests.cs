using System.Diagnostics;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>Verbs that print until they are ended, when whoever reads that goes away, as <c>head</c> does. A process each: outputs are theirs.</summary>
public sealed class ReaderGoneTests : IDisposable
{
    private readonly RunningDaemon _daemon = new();

    public void Dispose() => _daemon.Dispose();

    [Theory]
    [InlineData("trace")]
    [InlineData("trace --json")]
    [InlineData("top -b -d 0.1")]
    [InlineData("top -d 3600")]
    public void It_ends_with_0_though_there_is_nothing_to_print(string verb)
    {
        using Process process = Start(verb);

        AssertEnds(process);
    }

    [Theory]
    [InlineData("trace")]
    [InlineData("top -b -d 0.1")]
    public async Task It_ends_with_0_in_the_middle_of_printing(string verb)
    {
        using Process process = Start(verb);
        Task<string?> line = process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        for (int attempt = 0; !line.IsCompleted; attempt++)
        {
            Assert.True(attempt < 200, "nothing is printed");
            _daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
            _daemon.Ask("pci-detach demo1 00:04.0").Succeeded();
        }

        Assert.NotNull(await line);
        AssertEnds(process);
    }

    [Fact]
    public void A_trace_that_goes_to_a_file_needs_nobody_who_reads_what_it_prints()
    {
        using var folder = new TemporaryFolder();
        string file = folder["some.trace"];
        using Process process = Start($"trace --save {file} --count 1");
        process.StandardOutput.Close();
        Assert.True(SpinWait.SpinUntil(() => File.Exists(file) && new FileInfo(file).Length > 0, 60_000));

        _daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        Assert.True(process.WaitForExit(60_000), "it goes on");
        Assert.Equal(ExitCode.Done, process.ExitCode);
        Assert.True(new FileInfo(file).Length > Backend.Tracing.TraceFormat.HeaderBytes);
    }

    private static void AssertEnds(Process process)
    {
        process.StandardOutput.Close();
        bool hasEnded = process.WaitForExit(60_000);
        if (!hasEnded)
        {
            process.Kill();
        }

        Assert.True(hasEnded, "it goes on");
        Assert.Equal((ExitCode.Done, ""), (process.ExitCode, process.StandardError.ReadToEnd()));
    }

    private Process Start(string words) => Process.Start(new ProcessStartInfo(
        "dotnet", [Path.Combine(AppContext.BaseDirectory, "pcibackflow.dll"), .. words.Split(' '), "--run", _daemon.Directory])
    {
        RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
    })!;
}

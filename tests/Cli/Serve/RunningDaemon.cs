using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary><c>serve</c> on the machine in memory, in this process, through the program's own entry, until it is disposed.</summary>
internal sealed class RunningDaemon : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task<CliRun> _serving;

    public RunningDaemon(params string[] options)
    {
        _serving = Task.Factory.StartNew(
            () => CliRun.Of(_stop.Token, ["serve", "--platform", "loopback", "--run", Directory, "--state", _folder["state"], .. options]),
            TaskCreationOptions.LongRunning);
        var client = new ControlClient(ControlSocket.PathIn(Directory));
        for (int attempt = 0; !Answers(client); attempt++)
        {
            if (_serving.IsCompleted)
            {
                Assert.Fail($"serve ended with {_serving.Result.ExitCode}: {_serving.Result.Errors}");
            }

            Assert.True(attempt < 600, "serve does not answer");
            Thread.Sleep(50);
        }
    }

    public string Directory => _folder["run"];

    /// <summary>A verb that asks this daemon.</summary>
    public CliRun Ask(string line) => CliRun.OfLine($"{line} --run {Directory}");

    /// <summary>Ends it as a signal does.</summary>
    public CliRun Stop()
    {
        _stop.Cancel();
        return _serving.Result;
    }

    public void Dispose()
    {
        Stop();
        _stop.Dispose();
        _folder.Dispose();
    }

    private static bool Answers(ControlClient client)
    {
        try
        {
            client.StatusAsync(CancellationToken.None).GetAwaiter().GetResult();
            return true;
        }
        catch (DaemonUnreachableException)
        {
            return false;
        }
    }
}

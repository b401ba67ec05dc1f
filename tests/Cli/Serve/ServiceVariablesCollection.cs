namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>The environment is the process's: beside these tests no other one starts a daemon.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ServiceVariablesCollection
{
    public const string Name = "the service manager's variables";
}

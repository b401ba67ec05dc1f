namespace PciBackFlow.Architecture.Tests;

/// <summary>The control API's three rooms: its documents, its client and its server. Programs that ask a daemon have no part in the server.</summary>
public sealed class ControlRoomTests
{
    private const string Server = "PciBackFlow.Backend.Control.Server";

    [Theory]
    [InlineData("Cli")]
    [InlineData("Perf")]
    public void The_server_is_composed_by_the_backend_alone(string layer)
    {
        using var assembly = CompiledAssembly.Load(layer);

        Assert.DoesNotContain(assembly.ForeignTypes, static type => type.StartsWith(Server + ".", StringComparison.Ordinal));
        Assert.Equal(
            layer == "Cli",
            assembly.ForeignTypes.Any(static type => type.StartsWith("PciBackFlow.Backend.Control.Client.", StringComparison.Ordinal)));
    }

    [Fact]
    public void In_the_backend_only_its_root_knows_the_server()
    {
        IEnumerable<string> users = SourceTree.Files("Backend")
            .Where(static file => File.ReadAllText(file).Contains(Server, StringComparison.Ordinal))
            .Select(static file => Path.GetRelativePath(Path.Combine(SourceTree.Root, "Backend"), file))
            .Where(static file => !file.StartsWith(Path.Combine("Control", "Server"), StringComparison.Ordinal));

        Assert.Equal(["BackendDaemon.cs"], users);
    }

    [Fact]
    public void Documents_and_client_do_without_the_server_and_the_documents_without_the_client()
    {
        Assert.Empty(Uses(Path.Combine("Control", "Client"), Server));
        Assert.Empty(Uses(Path.Combine("Control", "Api"), Server));
        Assert.Empty(Uses(Path.Combine("Control", "Api"), "PciBackFlow.Backend.Control.Client"));
    }

    private static IEnumerable<string> Uses(string room, string other) =>
        SourceTree.Files(Path.Combine("Backend", room)).Where(file => File.ReadAllText(file).Contains(other, StringComparison.Ordinal));
}

using System.Net.Sockets;
using System.Text;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Failures;

namespace PciBackFlow.Backend.Tests.Control.Client;

/// <summary>A client and a daemon of two versions, as they meet during every upgrade.</summary>
public sealed class ControlAnswersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_answer_of_a_later_version_is_read_and_what_is_not_known_of_it_is_passed_over()
    {
        StatusReport status = await Ask("200 OK", """
            {
              "daemon": { "version": "9.0", "platform": "xen", "process_id": 7, "uptime_seconds": 1.5, "topology": "fused", "mood": "good" },
              "shards": [], "engine": { "served": 5, "dreams": 3 },
              "guests": [{ "domain": 3, "name": null, "device": 0, "backend": "connected", "frontend": "connected", "shard": null, "port": null,
                "functions": [], "counters": { "requests": 4, "wishes": [1, 2] }, "weight": { "grams": 1 } }],
              "assignable": [{ "address": "0000:03:00.0", "colour": "green" }],
              "errors": { "remarks": [], "devices": [] }, "configuration": [], "weather": ["rain"]
            }
            """, static client => client.StatusAsync(CancellationToken.None));

        Assert.Equal(("9.0", 7), (status.Daemon.Version, status.Daemon.ProcessId));
        Assert.Equal(5, status.Engine.Served);
        Assert.Equal((3, 4L), (Assert.Single(status.Guests).Domain, status.Guests[0].Counters.Requests));
        Assert.Equal("0000:03:00.0", Assert.Single(status.Assignable).Address);
    }

    [Fact]
    public async Task An_answer_of_an_earlier_version_is_read_and_what_is_missing_in_it_is_empty()
    {
        StatusReport status = await Ask("200 OK", """
            {
              "daemon": { "version": "0.1" },
              "guests": [{ "domain": 3, "backend": "connected", "functions": [{ "host": "0000:03:00.0", "guest": "0000:00:00.0" }] }],
              "assignable": [{ "address": "0000:03:00.0" }]
            }
            """, static client => client.StatusAsync(CancellationToken.None));

        Assert.Equal(("0.1", "", 0), (status.Daemon.Version, status.Daemon.Topology, status.Daemon.ProcessId));
        Assert.Empty(status.Shards);
        Assert.Empty(status.Configuration);
        Assert.Empty(status.Errors.Devices);
        GuestReport guest = Assert.Single(status.Guests);
        Assert.Equal((null, "", 0L), (guest.Name, guest.Frontend, guest.Counters.Requests));
        FunctionReport function = Assert.Single(guest.Functions);
        Assert.Empty(function.DeniedWrites);
        Assert.Empty(function.Interrupts.Pirqs);
        DeviceReport device = Assert.Single(status.Assignable);
        Assert.Empty(device.Selectors);
        Assert.Null(device.VendorId);
        Assert.Null(device.Capabilities);
        Assert.False(device.IsRefused);
    }

    [Fact]
    public async Task A_refusal_of_another_version_keeps_its_words_and_its_kind()
    {
        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => Ask(
            "403 Forbidden", """{ "failure": "refused", "message": "it is in use", "evidence": "/proc/mounts" }""",
            static client => client.ReloadAsync(CancellationToken.None)));

        Assert.Equal((BackendFailure.Refused, "it is in use"), (refused.Failure, refused.Message));
    }

    [Theory]
    [InlineData("""{ "guests": "three" }""")]
    [InlineData("""[]""")]
    [InlineData("null")]
    [InlineData("""{ "guests": [], "guests": [] }""")]
    [InlineData("no JSON")]
    public async Task What_is_in_another_form_is_said_to_be_of_another_version(string answer)
    {
        BackendException other = await Assert.ThrowsAsync<BackendException>(
            () => Ask("200 OK", answer, static client => client.StatusAsync(CancellationToken.None)));

        Assert.Contains("is of another version", other.Message, StringComparison.Ordinal);
    }

    // A daemon that has but one answer.
    private async Task<T> Ask<T>(string status, string answer, Func<ControlClient, Task<T>> ask)
    {
        string path = ControlSocket.PathIn(_folder["."]);
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var answering = Task.Run(async () =>
        {
            using Socket peer = await listener.AcceptAsync();
            await peer.ReceiveAsync(new byte[4096]);
            byte[] body = Encoding.UTF8.GetBytes(answer);
            await peer.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.0 {status}\r\nContent-Length: {body.Length}\r\n\r\n"));
            await peer.SendAsync(body);
        });
        try
        {
            return await ask(new ControlClient(path));
        }
        finally
        {
            await answering;
        }
    }
}

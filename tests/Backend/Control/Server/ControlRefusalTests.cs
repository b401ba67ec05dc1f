using System.Net.Sockets;
using System.Text.Json;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Client;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>What the control API does not do, and who it does nothing for, over a real Unix socket: each is told why.</summary>
public sealed class ControlRefusalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(BackendFailure.Failed)]
    [InlineData(BackendFailure.Malformed)]
    [InlineData(BackendFailure.Refused)]
    public async Task A_failure_reaches_the_client_as_it_was_told(BackendFailure failure)
    {
        using ControlBench bench = new();
        bench.Toolstack.Failure = new BackendException(failure, "it is in use by the host");

        BackendException told = await Assert.ThrowsAsync<BackendException>(() => bench.Client.AttachAsync("7", new("04:00.0"), Cancel));

        Assert.Equal((failure, "it is in use by the host"), (told.Failure, told.Message));
    }

    [Fact]
    public async Task What_the_hypervisor_refuses_is_a_failure_with_its_words_and_a_defect_is_called_one()
    {
        using ControlBench bench = new();
        bench.Toolstack.Failure = new HypervisorException(Errno.EBUSY, "function 04:00.0 belongs to domain 3");
        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Client.DetachAsync("7", "04:00.0", false, Cancel));
        bench.Toolstack.Failure = new InvalidOperationException("surprise");
        BackendException defect = await Assert.ThrowsAsync<BackendException>(() => bench.Client.DetachAsync("7", "04:00.0", false, Cancel));

        Assert.Contains("belongs to domain 3", refused.Message, StringComparison.Ordinal);
        Assert.Contains("surprise", defect.Message, StringComparison.Ordinal);
        Assert.Contains("a defect of the daemon", defect.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", defect.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_device_specification_comes_back_with_a_caret_under_its_wrong_character()
    {
        using ControlBench bench = new();

        BackendException told = await Assert.ThrowsAsync<BackendException>(() => bench.Client.AttachAsync("7", new("04:0g.0"), Cancel));

        string[] lines = told.Message.Split('\n');
        Assert.Equal(BackendFailure.Malformed, told.Failure);
        Assert.Equal("  04:0g.0", lines[1]);
        Assert.Equal("g", lines[1].Substring(lines[2].IndexOf('^', StringComparison.Ordinal), 1));
    }

    public static TheoryData<string, string, string?, int, string, string> WrongRequests => new()
    {
        { "GET", "/v2/status", null, 404, "malformed", "begin with /v1/" },
        { "GET", "/index.html", null, 404, "malformed", "begin with /v1/" },
        { "POST", "/", null, 405, "malformed", "'/' has no POST" },
        { "GET", "/v1/nothing", null, 404, "malformed", "has no '/v1/nothing'" },
        { "PUT", "/v1/status", null, 405, "malformed", "has no PUT" },
        { "POST", "/v1/assignable", "{", 400, "malformed", "body" },
        { "POST", "/v1/assignable", "{}", 400, "malformed", "address" },
        { "POST", "/v1/assignable", "null", 400, "malformed", "null" },
        { "POST", "/v1/assignable", "[]", 400, "malformed", "body" },
        { "POST", "/v1/assignable", "{\"address\": null}", 400, "malformed", "not a PCI address" },
        { "POST", "/v1/assignable", "{\"address\": \"00:04.0\", \"frce\": true}", 400, "malformed", "frce" },
        { "POST", "/v1/assignable", "{\"address\": \"00:04\"}", 400, "malformed", "^" },
        { "POST", "/v1/assignable", "{\"address\": \"00:04.0\", \"name\": \"two,words\"}", 400, "malformed", "name" },
        { "POST", "/v1/assignable", "{\"address\": \"00:1f.7\"}", 422, "failed", "no device 0000:00:1f.7" },
        { "DELETE", "/v1/assignable/", null, 404, "malformed", "has no '/v1/assignable/'" },
        { "DELETE", "/v1/assignable/class=zz", null, 400, "malformed", "two, four or six" },
        { "DELETE", "/v1/assignable/path=pci0000:7f%2F00.0", null, 422, "failed", "path=pci0000:7f/00.0 fits no device" },
        { "DELETE", "/v1/assignable/nobody", null, 422, "failed", "nobody" },
        { "DELETE", "/v1/assignable/00:04.0?rebind=maybe", null, 400, "malformed", "maybe" },
        { "POST", "/v1/domains/9/devices", "{\"spec\": \"04:00.0\"}", 422, "failed", "no domain '9'" },
        { "POST", "/v1/domains/7/devices", "{\"spec\": \"\"}", 400, "malformed", "^" },
        { "DELETE", "/v1/domains/7/devices", null, 400, "malformed", "^" },
        { "GET", "/v1/domains/nobody/devices", null, 422, "failed", "nobody" },
        { "GET", "/v1/profile?id=two%20words", null, 400, "malformed", "letters, digits and '-'" },
        { "GET", $"/v1/profile?id={new string('a', 65)}", null, 400, "malformed", "up to 64" },
        { "DELETE", "/v1/profile/of-yesterday", null, 404, "failed", "no profile 'of-yesterday' is being taken\n  It is over" },
        { "DELETE", "/v1/profile", null, 405, "malformed", "has no DELETE" },
    };

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public void A_wrong_request_is_answered_with_a_problem_that_says_what_is_wrong(
        string method, string path, string? body, int expected, string failure, string message)
    {
        using ControlBench bench = new();

        (int status, string answer) = bench.Send(method, path, body);

        ControlProblem problem = JsonSerializer.Deserialize(
            answer[answer.IndexOf('{', StringComparison.Ordinal)..(answer.LastIndexOf('}') + 1)], ControlJson.Default.ControlProblem)!;
        Assert.Equal((expected, failure), (status, problem.Failure));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_that_is_no_JSON_by_its_type_is_refused()
    {
        using ControlBench bench = new();

        (int status, string answer) = bench.Send("POST", "/v1/assignable", "address=00:04.0", "application/x-www-form-urlencoded");

        Assert.Equal(400, status);
        Assert.Contains("application/json", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_that_is_too_large_is_refused_and_the_daemon_goes_on()
    {
        using ControlBench bench = new();

        (int status, string answer) = bench.Send("POST", "/v1/assignable", $"{{\"address\": \"{new string('0', ControlServer.MaxBodyBytes)}\"}}");

        Assert.Equal(413, status);
        Assert.Contains("malformed", answer, StringComparison.Ordinal);
        Assert.Equal(200, bench.Send("GET", "/v1/status").Status);
    }

    [Theory]
    [InlineData("NONSENSE\r\n\r\n")]
    [InlineData("GET /v1/status HTTP/9.9\r\n\r\n")]
    [InlineData("\0\0\0\0")]
    public void Bytes_that_are_no_request_end_their_connection_and_nothing_else(string bytes)
    {
        using ControlBench bench = new();
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(bench.Socket));

        socket.Send(System.Text.Encoding.ASCII.GetBytes(bytes));
        socket.Shutdown(SocketShutdown.Send);
        byte[] answer = new byte[4096];
        int count;
        do
        {
            count = socket.Receive(answer);
        }
        while (count > 0);

        Assert.Equal(200, bench.Send("GET", "/v1/status").Status);
    }

    [Theory]
    [InlineData("GET", "/v1/status", null)]
    [InlineData("POST", "/v1/assignable", "{\"address\": \"00:04.0\"}")]
    public void Somebody_else_than_root_and_the_daemons_own_user_is_refused(string method, string path, string? body)
    {
        uint? seen = null;
        using ControlBench bench = new(isAllowed: user =>
        {
            seen = user;
            return false;
        });

        (int status, string answer) = bench.Send(method, path, body);

        Assert.Equal(403, status);
        Assert.Contains("refused", answer, StringComparison.Ordinal);
        Assert.Equal(PeerCredentials.OwnUser, seen);
    }

    [Fact]
    public async Task A_client_sends_nothing_to_a_socket_of_somebody_elses()
    {
        using ControlBench bench = new();
        uint? seen = null;
        ControlClient client = new(bench.Socket)
        {
            IsTrusted = user =>
            {
                seen = user;
                return false;
            },
        };

        DaemonUnreachableException refused = await Assert.ThrowsAsync<DaemonUnreachableException>(() => client.StatusAsync(CancellationToken.None));

        Assert.Contains("not believed", refused.Message, StringComparison.Ordinal);
        Assert.Equal(PeerCredentials.OwnUser, seen);
    }
}

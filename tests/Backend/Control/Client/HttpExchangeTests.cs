using System.Text;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Client;

namespace PciBackFlow.Backend.Tests.Control.Client;

public sealed class HttpExchangeTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}")]
    [InlineData("HTTP/1.1 200\r\n\r\n{}", 200, "{}")]
    [InlineData("HTTP/1.0 204 No Content\r\nserver: x\r\n\r\n", 204, "")]
    public void A_whole_answer_has_a_status_and_a_body(string answer, int status, string body)
    {
        (int code, byte[] bytes) = HttpExchange.Parse(Encoding.Latin1.GetBytes(answer));

        Assert.Equal((status, body), (code, Encoding.Latin1.GetString(bytes)));
    }

    [Theory]
    [InlineData("", "without an answer")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", "no end of the headers")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "cut off")]
    [InlineData("SSH-2.0 200 OK\r\n\r\n", "not HTTP")]
    [InlineData("HTTP/1.1 okay\r\n\r\n", "not HTTP")]
    [InlineData("HTTP/1.1\r\n\r\n", "not HTTP")]
    public void Anything_else_is_none_and_says_why(string answer, string reason) =>
        Assert.Contains(
            reason, Assert.Throws<InvalidDataException>(() => HttpExchange.Parse(Encoding.Latin1.GetBytes(answer))).Message,
            StringComparison.Ordinal);
}

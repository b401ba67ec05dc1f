using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace PciBackFlow.Cli.Output;

/// <summary>JSON written by hand, where a shape is simpler said than declared.</summary>
internal static class JsonText
{
    // For a terminal or a file, not for a page: quotes and '&' need no escapes beyond JSON's own.
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static string Indented(Action<Utf8JsonWriter> write) => Write(write, indented: true);

    public static string OneLine(Action<Utf8JsonWriter> write) => Write(write, indented: false);

    private static string Write(Action<Utf8JsonWriter> write, bool indented)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented, Encoder = Encoder }))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}

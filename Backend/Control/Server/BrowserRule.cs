using Microsoft.AspNetCore.Http;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Hardware.Text;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// What a browser may ask for. It runs what strangers' pages say, and reaches ports of this host, or a tunnel to the control socket, on their behalf: so it
/// only reads, for the daemon's own page alone, and at a name that is this host's whatever a name server says (DNS rebinding). Programs do not say where a
/// request comes from, and are held to the name alone.
/// </summary>
internal static class BrowserRule
{
    private const string Site = "Sec-Fetch-Site";

    /// <summary>Why a request is not answered, or null.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isAnybodys">
    /// Whether anybody may ask there, so that the name has to be this host's own. Else one without a dot is enough, as programs write
    /// (<c>http://x/v1/status</c>): no stranger can have that.
    /// </param>
    public static string? Refuse(HttpRequest request, bool isAnybodys = false)
    {
        string host = request.Host.Host;
        if (!IsOwn(host) && (isAnybodys || host.AsSpan().ContainsAny('.', ':')))
        {
            return $"'{ForeignText.Shown(host, limit: 64)}' is not this host's own name: ask at localhost or 127.0.0.1";
        }

        string origin = request.Headers.Origin.ToString();
        string site = request.Headers[Site].ToString();
        if (origin.Length == 0 && site.Length == 0)
        {
            return null;
        }

        if (!HttpMethods.IsGet(request.Method))
        {
            return "a browser may only read here; the program's verbs change things";
        }

        // A link to the live page may be anywhere.
        bool isOwn = (site is "" or "same-origin" or "none") && (origin.Length == 0 || origin == $"http://{request.Host.Value}");
        return isOwn || (origin.Length == 0 && request.Path == ControlPaths.LivePage) ? null : "only the daemon's own page may ask on behalf of a browser";
    }

    private static bool IsOwn(string host) => host is "127.0.0.1" or "[::1]" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
}

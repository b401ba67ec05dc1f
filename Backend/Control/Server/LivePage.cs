using Microsoft.AspNetCore.Http;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// <c>GET /</c>: the daemon's state as a page that keeps itself up to date (<c>LivePage.html</c>, embedded). It asks nobody but the daemon, and its policy has
/// a browser run its own script alone: guests choose some of the text in it.
/// </summary>
internal static class LivePage
{
    /// <summary>The resource's name.</summary>
    public const string Resource = "LivePage.html";

    // SHA-256 of what is between the tags. Written down, because to compute them here would load OpenSSL, which a host need not have; a test computes them.
    private const string Style = "sha256-8KosQULgHtYNT27k/O7h5HyhH7QH0+XcXdK3+nCpAy4=";
    private const string Script = "sha256-nz6uwIQf5h9iAAQbZX4cByAFner5pf//xxQS3/R4g/4=";

    /// <summary>What a browser may do with the page.</summary>
    public const string SecurityPolicy =
        $"default-src 'none'; style-src '{Style}'; script-src '{Script}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private const string Type = "text/html; charset=utf-8";

    private static byte[]? s_utf8;

    /// <summary>Answers with the page.</summary>
    public static Task Answer(HttpContext context)
    {
        Protect(context.Response);
        context.Response.Headers.ContentSecurityPolicy = SecurityPolicy;
        return ControlGate.Write(context, StatusCodes.Status200OK, Type, s_utf8 ??= Read());
    }

    /// <summary>No other site gets at an answer, and nobody keeps one.</summary>
    public static void Protect(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    private static byte[] Read()
    {
        using Stream stream = typeof(LivePage).Assembly.GetManifestResourceStream(Resource)!;
        byte[] utf8 = new byte[stream.Length];
        stream.ReadExactly(utf8);
        return utf8;
    }
}

using Microsoft.AspNetCore.Http;
using PciBackFlow.Backend.Control.Api;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// Which method of which path does what. A part of a path in braces stands for any word, which its request finds by that name; <c>{**name}</c> at the end
/// for all that follows, slashes included.
/// </summary>
internal sealed class ControlRoutes
{
    private readonly List<(string Method, string[] Parts, RequestDelegate Run)> _routes = [];

    /// <summary>Adds a path.</summary>
    /// <param name="method">HTTP's method.</param>
    /// <param name="path">
    /// What follows the version: <c>domains/{domain}/devices</c>; the whole path when it begins with a slash, and then without braces.
    /// </param>
    /// <param name="run">What it does.</param>
    public void Add(string method, string path, RequestDelegate run) => _routes.Add((method, path[0] == '/' ? [path] : path.Split('/'), run));

    /// <summary>Does what is asked for, or answers 404 or 405 without a body.</summary>
    public Task Run(HttpContext context)
    {
        string path = context.Request.Path.Value ?? string.Empty;
        string[] parts = path.StartsWith(ControlPaths.Version, StringComparison.Ordinal) ? path[ControlPaths.Version.Length..].Split('/') : [path];
        List<string> others = [];
        foreach ((string method, string[] expected, RequestDelegate run) in _routes)
        {
            if (!Matches(expected, parts))
            {
                continue;
            }

            if (method == context.Request.Method)
            {
                for (int i = 0; i < expected.Length; i++)
                {
                    if (IsRest(expected[i]))
                    {
                        context.Request.RouteValues[expected[i][3..^1]] = string.Join('/', parts[i..]);
                    }
                    else if (IsAny(expected[i]))
                    {
                        context.Request.RouteValues[expected[i][1..^1]] = parts[i];
                    }
                }

                return run(context);
            }

            others.Add(method);
        }

        context.Response.StatusCode = others.Count > 0 ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound;
        if (others.Count > 0)
        {
            context.Response.Headers.Allow = string.Join(", ", others);
        }

        return Task.CompletedTask;
    }

    private static bool Matches(string[] expected, string[] parts)
    {
        if (IsRest(expected[^1]) ? expected.Length > parts.Length : expected.Length != parts.Length)
        {
            return false;
        }

        for (int i = 0; i < expected.Length; i++)
        {
            if (IsAny(expected[i]) ? parts[i].Length == 0 : parts[i] != expected[i])
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsAny(string part) => part[0] == '{';

    private static bool IsRest(string part) => part.StartsWith("{**", StringComparison.Ordinal);
}

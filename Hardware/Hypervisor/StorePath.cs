using System.Buffers;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>
/// Which xenstore paths are well formed (Xen docs/misc/xenstore.txt; xenstored's is_valid_nodename and canonicalize).
/// </summary>
public static class StorePath
{
    /// <summary>XENSTORE_ABS_PATH_MAX: characters of an absolute path.</summary>
    internal const int LongestAbsolute = 3072;

    /// <summary>XENSTORE_REL_PATH_MAX: characters of a relative path and of a special name.</summary>
    internal const int LongestRelative = 2048;

    /// <summary>The special name that fires when a domain appears.</summary>
    public const string IntroduceDomain = "@introduceDomain";

    /// <summary>The special name that fires when a domain ends: when its kernel halts, and when it is destroyed.</summary>
    public const string ReleaseDomain = "@releaseDomain";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@");

    /// <summary>The home of a domain, against which its relative paths are resolved.</summary>
    internal static string Home(int domainId) => $"/local/domain/{domainId}";

    /// <summary>Makes a path absolute.</summary>
    /// <exception cref="HypervisorException">EINVAL: malformed.</exception>
    internal static string Resolve(string path, int domainId)
    {
        Check(path);
        return path.StartsWith('/') ? path : $"{Home(domainId)}/{path}";
    }

    /// <summary>Refuses what is neither a well-formed absolute nor a well-formed relative path.</summary>
    /// <exception cref="HypervisorException">EINVAL: malformed.</exception>
    internal static void Check(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        bool valid = path.Length != 0
            && path.Length <= (path.StartsWith('/') ? LongestAbsolute : LongestRelative)
            && (path.Length == 1 || !path.EndsWith('/'))
            && !path.StartsWith('@')
            && !path.Contains("//", StringComparison.Ordinal)
            && !path.AsSpan().ContainsAnyExcept(Allowed);
        if (!valid)
        {
            throw Malformed(path);
        }
    }

    /// <summary>True for a name that is watched but holds no node.</summary>
    /// <exception cref="HypervisorException">EINVAL: starts with @ and is none of the special names.</exception>
    internal static bool IsSpecial(string path) => path.StartsWith('@')
        && (path is IntroduceDomain or ReleaseDomain ? true : throw Malformed(path));

    /// <summary>The components of an absolute path; none for the root.</summary>
    internal static string[] Split(string absolute) => absolute.Length == 1 ? [] : absolute[1..].Split('/');

    /// <summary>The path one level up; the root's parent is the root.</summary>
    internal static string Parent(string absolute)
    {
        int slash = absolute.LastIndexOf('/');
        return slash <= 0 ? "/" : absolute[..slash];
    }

    /// <summary>A child's path.</summary>
    internal static string Child(string absolute, string name) => absolute.Length == 1 ? $"/{name}" : $"{absolute}/{name}";

    private static HypervisorException Malformed(string path) =>
        new(Errno.EINVAL, $"malformed xenstore path '{(path.Length > 80 ? path[..80] + "…" : path)}'");
}

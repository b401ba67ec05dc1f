namespace PciBackFlow.Pci.Captures;

/// <summary>
/// The captures made by this project and embedded into the program: each <c>Builtin/NAME.txt</c> is an lspci dump found as
/// <c>NAME</c>. They are found by name in the assembly's manifest, which needs no reflection over types and survives trimming.
/// </summary>
public static class BuiltinCaptures
{
    private const string Prefix = "Builtin/";
    private const string Suffix = ".txt";

    /// <summary>The names there are, in ordinal order; may be empty.</summary>
    public static IReadOnlyList<string> Names { get; } = FindNames();

    /// <summary>Reads one.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="capture">The capture; null when there is none of that name.</param>
    /// <returns>Whether there is one.</returns>
    /// <exception cref="CaptureFormatException">An embedded text is wrong: a defect of this build.</exception>
    public static bool TryLoad(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Capture? capture)
    {
        capture = null;
        using Stream? stream = typeof(BuiltinCaptures).Assembly.GetManifestResourceStream(Prefix + name + Suffix);
        if (stream is null)
        {
            return false;
        }

        using var reader = new StreamReader(stream);
        capture = new Capture(name, LspciDump.Parse(name, reader.ReadToEnd()));
        return true;
    }

    private static List<string> FindNames()
    {
        var names = new List<string>();
        foreach (string resource in typeof(BuiltinCaptures).Assembly.GetManifestResourceNames())
        {
            if (resource.StartsWith(Prefix, StringComparison.Ordinal) && resource.EndsWith(Suffix, StringComparison.Ordinal))
            {
                names.Add(resource[Prefix.Length..^Suffix.Length]);
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }
}

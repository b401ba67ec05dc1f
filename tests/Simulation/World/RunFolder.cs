namespace PciBackFlow.Simulation;

/// <summary>
/// What daemons leave on disk. What lies there at the moment of one's death is the next one's; what the dead still
/// writes while it unwinds is nobody's.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    private readonly string _root;
    private int _number;

    public RunFolder()
    {
        // In memory where there is such a place: a million steps write much.
        string parent = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _root = Path.Combine(parent, $"pcibackflow-simulation-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Current);
    }

    public string Current => Path.Combine(_root, $"{_number}");

    /// <summary>A text without the place, which is another one each time.</summary>
    public string Unnamed(string text) => text.Replace(_root, "RUN", StringComparison.Ordinal);

    public void Keep()
    {
        string from = Current;
        _number++;
        Copy(from, Current);
    }

    public void Forget(string place)
    {
        if (place != Current && Directory.Exists(place))
        {
            Directory.Delete(place, recursive: true);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static void Copy(string from, string to)
    {
        // Private to its owner, as the product wants it.
        Directory.CreateDirectory(to, File.GetUnixFileMode(from));
        foreach (string file in Directory.GetFiles(from).Order(StringComparer.Ordinal))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (string folder in Directory.GetDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}

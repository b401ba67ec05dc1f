using System.Text;

namespace PciBackFlow.Cli.Output;

/// <summary>Opens a file that a result goes to.</summary>
internal static class OutputFile
{
    /// <summary>Opens or replaces it.</summary>
    /// <returns>A writer; null when no file was asked for.</returns>
    public static StreamWriter? Open(string? path) =>
        Open(path, static path => new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)));

    /// <summary>Opens or replaces a file that is no text.</summary>
    /// <returns>A stream; null when no file was asked for.</returns>
    public static FileStream? OpenBinary(string? path) =>
        Open(path, static path => new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16));

    private static T? Open<T>(string? path, Func<string, T> open)
        where T : class
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            return open(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string why = failure is UnauthorizedAccessException ? "permission denied, or it is a directory" : failure.Message;
            throw new VerbException($"cannot write {path}", why, "Name a file in a folder that exists and is writable.", failure);
        }
    }
}

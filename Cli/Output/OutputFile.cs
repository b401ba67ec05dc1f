using System.Text;

namespace PciBackFlow.Cli.Output;

/// <summary>Opens a file that a result goes to.</summary>
internal static class OutputFile
{
    /// <summary>Opens or replaces it.</summary>
    /// <returns>A writer; null when no file was asked for.</returns>
    public static StreamWriter? Open(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            return new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string why = failure is UnauthorizedAccessException ? "permission denied, or it is a directory" : failure.Message;
            throw new VerbException($"cannot write {path}", why, "Name a file in a folder that exists and is writable.", failure);
        }
    }
}

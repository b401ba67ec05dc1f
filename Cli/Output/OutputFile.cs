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

    /// <summary>Writes a text in the place of a file, as a whole: whoever reads it meanwhile, or after a failure, finds the one before.</summary>
    /// <exception cref="VerbException">It cannot be written; what was there is there.</exception>
    public static void Replace(string path, string text)
    {
        try
        {
            // A link stays one; what is no file must not become one.
            string file = new FileInfo(path).LinkTarget is null ? Path.GetFullPath(path) : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
            if (file.StartsWith("/dev/", StringComparison.Ordinal))
            {
                throw new IOException("it is a device");
            }

            string temporary = $"{file}.{Path.GetRandomFileName()}";
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                try
                {
                    if (File.Exists(file))
                    {
                        File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(file));
                    }

                    stream.Write(Encoding.UTF8.GetBytes(text));
                    stream.Flush(flushToDisk: true);
                    File.Move(temporary, file, overwrite: true);
                }
                catch
                {
                    File.Delete(temporary);
                    throw;
                }
            }
        }
        catch (Exception failure) when (IsAboutFile(failure))
        {
            throw Refused(path, failure);
        }
    }

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
        catch (Exception failure) when (IsAboutFile(failure))
        {
            throw Refused(path, failure);
        }
    }

    private static bool IsAboutFile(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    private static VerbException Refused(string path, Exception failure) => new(
        $"cannot write {path}", failure is UnauthorizedAccessException ? "permission denied, or it is a directory" : failure.Message,
        "Name a file in a folder that exists and is writable.", failure);
}

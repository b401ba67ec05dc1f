using System.Globalization;

namespace PciBackFlow.Hardware.Linux;

/// <summary>The program's own code and data in memory, as far as they come from files.</summary>
public static unsafe class ProgramPages
{
    // Of the whole program and the libraries that it has opened; a mapped file of another kind may be larger.
    private const long LongestMapping = 64 << 20;

    /// <summary>
    /// Brings all of it into memory now, so that what is run for the first time later does not wait for it (madvise(2), <c>MADV_POPULATE_READ</c>, Linux 5.14).
    /// Where the kernel cannot, nothing happens.
    /// </summary>
    public static void Load()
    {
        try
        {
            foreach (string line in File.ReadLines("/proc/self/maps"))
            {
                if (IsOfAFile(line, out nuint begin, out nuint length))
                {
                    _ = LinuxCalls.Advise((void*)begin, length, LinuxCalls.PopulateRead);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It only takes longer later.
        }
    }

    // proc(5): "address perms offset dev inode pathname".
    private static bool IsOfAFile(string line, out nuint begin, out nuint length)
    {
        (begin, length) = (0, 0);
        string[] words = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 6 || !words[5].StartsWith('/') || words[5].StartsWith("/dev/", StringComparison.Ordinal) || words[1][0] != 'r')
        {
            return false;
        }

        string[] range = words[0].Split('-');
        if (!nuint.TryParse(range[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out begin)
            || !nuint.TryParse(range[^1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out nuint end) || end <= begin)
        {
            return false;
        }

        length = end - begin;
        return length <= LongestMapping;
    }
}

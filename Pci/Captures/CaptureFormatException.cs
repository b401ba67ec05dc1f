namespace PciBackFlow.Pci.Captures;

/// <summary>A file is no capture of configuration spaces.</summary>
public sealed class CaptureFormatException : FormatException
{
    /// <summary>Refuses a file.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="line">The line at fault, from 1; 0 when it is the file as a whole.</param>
    /// <param name="reason">What is wrong there.</param>
    public CaptureFormatException(string file, int line, string reason)
        : base(line > 0 ? $"{file}:{line}: {reason}" : $"{file}: {reason}")
    {
        File = file;
        Line = line;
        Reason = reason;
    }

    /// <summary>The file's name.</summary>
    public string File { get; }

    /// <summary>The line at fault, from 1; 0 when it is the file as a whole.</summary>
    public int Line { get; }

    /// <summary>What is wrong there.</summary>
    public string Reason { get; }
}

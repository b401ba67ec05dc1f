namespace PciBackFlow.Pci.Captures;

/// <summary>A sysfs <c>config</c> file saved as it is: one function, 64 (read without privilege), 256 or 4096 bytes.</summary>
public static class BinaryCapture
{
    /// <summary>Takes the bytes as one function, 0000:00:00.0.</summary>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="content">Its bytes.</param>
    /// <returns>The function.</returns>
    /// <exception cref="CaptureFormatException">Another length.</exception>
    public static CapturedConfig Parse(string name, ReadOnlySpan<byte> content)
    {
        if (content.Length is not (ConfigRegisters.HeaderSize or ConfigRegisters.StandardSize or ConfigRegisters.ExtendedSize))
        {
            throw new CaptureFormatException(name, 0, $"a binary capture has 64, 256 or 4096 bytes, this has {content.Length}");
        }

        byte[] bytes = content.ToArray();
        var regions = new ReportedRegion[FunctionRegions.Count];
        LegacyIde.Report(new ConfigImage(bytes), regions);
        return new CapturedConfig(default, string.Empty, bytes, regions);
    }
}

using PciBackFlow.Hardware.Errors;

namespace PciBackFlow.Backend.Errors;

/// <summary>An error in words: its severity, who reported it, its bits and the transaction; put together when it is said.</summary>
/// <param name="error">The error.</param>
internal readonly struct ErrorText(DeviceError error)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        string severity = error.Severity switch
        {
            ErrorSeverity.Fatal => "fatal",
            ErrorSeverity.NonFatal => "non-fatal",
            _ => "corrected",
        };
        string bits = error.Bits.Count > 0 ? $" ({string.Join(", ", error.Bits)})" : string.Empty;
        string header = error.Header is { } tlp ? $", TLP {tlp}" : string.Empty;
        return $"{severity} error{(error.IsOfThePort ? " of its port" : string.Empty)}{bits}{header}";
    }
}

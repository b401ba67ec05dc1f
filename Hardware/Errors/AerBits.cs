namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// The bits of the two AER status registers by the names that the kernel's counters have (drivers/pci/pcie/aer.c, aer_correctable_error_string and
/// aer_uncorrectable_error_string), and by those of its trace event (include/ras/ras_event.h).
/// </summary>
public static class AerBits
{
    private static readonly (int Bit, string Name, string Traced)[] Correctable =
    [
        (0, "RxErr", "Receiver Error"),
        (6, "BadTLP", "Bad TLP"),
        (7, "BadDLLP", "Bad DLLP"),
        (8, "Rollover", "RELAY_NUM Rollover"),
        (12, "Timeout", "Replay Timer Timeout"),
        (13, "NonFatalErr", "Advisory Non-Fatal Error"),
        (14, "CorrIntErr", "Corrected Internal Error"),
        (15, "HeaderOF", "Header Log Overflow"),
    ];

    private static readonly (int Bit, string Name, string Traced)[] Uncorrectable =
    [
        (0, "Undefined", "Undefined"),
        (4, "DLP", "Data Link Protocol Error"),
        (5, "SDES", "Surprise Down Error"),
        (12, "TLP", "Poisoned TLP"),
        (13, "FCP", "Flow Control Protocol Error"),
        (14, "CmpltTO", "Completion Timeout"),
        (15, "CmpltAbrt", "Completer Abort"),
        (16, "UnxCmplt", "Unexpected Completion"),
        (17, "RxOF", "Receiver Overflow"),
        (18, "MalfTLP", "Malformed TLP"),
        (19, "ECRC", "ECRC Error"),
        (20, "UnsupReq", "Unsupported Request Error"),
        (21, "ACSViol", "ACS Violation"),
        (22, "UncorrIntErr", "Uncorrectable Internal Error"),
        (23, "BlockedTLP", "MC Blocked TLP"),
        (24, "AtomicOpBlocked", "AtomicOp Egress Blocked"),
        (25, "TLPBlockedErr", "TLP Prefix Blocked Error"),
        (26, "PoisonTLPBlocked", "Poisoned TLP Egress Blocked"),
        (27, "DMWrReqBlocked", "DMWr Request Egress Blocked"),
        (28, "IDECheck", "IDE Check Failed"),
        (29, "MisIDETLP", "Misrouted IDE TLP"),
        (30, "PCRC_CHECK", "PCRC Check Failed"),
        (31, "TLPXlatBlocked", "TLP Translation Egress Blocked"),
    ];

    /// <summary>The names of the bits that are set.</summary>
    /// <param name="status">The register.</param>
    /// <param name="isCorrectable">Which of the two.</param>
    /// <returns>In the order of the bits; <c>bit N</c> for one without a name.</returns>
    public static IReadOnlyList<string> NamesOf(uint status, bool isCorrectable)
    {
        List<string> names = [];
        for (int bit = 0; bit < 32; bit++)
        {
            if ((status >> bit & 1) != 0)
            {
                string? name = Array.Find(isCorrectable ? Correctable : Uncorrectable, row => row.Bit == bit).Name;
                names.Add(name ?? $"bit {bit}");
            }
        }

        return names;
    }

    /// <summary>The counters' name of what the trace calls otherwise.</summary>
    /// <param name="traced">The trace's name.</param>
    /// <param name="isCorrectable">Which register.</param>
    /// <returns>The name; the trace's own where it is not known.</returns>
    public static string FromTrace(string traced, bool isCorrectable)
    {
        // Older kernels leave "Error" out (before 4.19: "Data Link Protocol", "ECRC").
        string? name = Array.Find(
            isCorrectable ? Correctable : Uncorrectable,
            row => row.Traced == traced || row.Traced == $"{traced} Error").Name;
        return name ?? traced;
    }
}

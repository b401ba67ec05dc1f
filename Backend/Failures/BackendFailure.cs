namespace PciBackFlow.Backend.Failures;

/// <summary>Why something asked of the backend did not happen.</summary>
public enum BackendFailure
{
    /// <summary>It was tried and failed, or what it names doesn't exist. Exit code 1.</summary>
    Failed = 1,

    /// <summary>What was asked makes no sense: a malformed address, an unknown option. Exit code 2.</summary>
    Malformed = 2,

    /// <summary>Refused because it could harm the host or a guest; the message names the risk. Exit code 3.</summary>
    Refused = 3,
}

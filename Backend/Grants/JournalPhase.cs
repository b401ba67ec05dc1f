namespace PciBackFlow.Backend.Grants;

/// <summary>How far a grant is.</summary>
internal enum JournalPhase
{
    /// <summary>About to be given.</summary>
    Intent,

    /// <summary>Given.</summary>
    Result,

    /// <summary>Taken back, or gone with its domain.</summary>
    Revoked,
}

using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>
/// What one guest does over and over, one request after the other. Owned by one client thread; nothing is allocated unless something is wrong.
/// </summary>
internal interface IGuestRounds
{
    /// <summary>Whether the next request begins a round.</summary>
    bool IsAtStart { get; }

    /// <summary>The status that the request that is due must be answered with.</summary>
    int RightStatus => 0;

    /// <summary>The request that is due; the same until <see cref="Advance"/>.</summary>
    FrontendRequest Next();

    /// <summary>Judges an answer that reports success to the request that is due.</summary>
    /// <returns>Null, or what is wrong.</returns>
    string? Judge(FrontendAnswer answer);

    /// <summary>Goes on to the next request, whatever came of this one.</summary>
    void Advance();
}

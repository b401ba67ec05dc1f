namespace PciBackFlow.Backend.Succession;

/// <summary>What the two daemons of a succession say to each other, in this order.</summary>
internal enum SuccessionWord
{
    /// <summary>The successor: I am there, and these are my terms.</summary>
    Hello,

    /// <summary>The predecessor: I take no commands any more; guests are served.</summary>
    Quiet,

    /// <summary>The predecessor, instead of <see cref="Quiet"/>: I go on serving, and why.</summary>
    Refused,

    /// <summary>The successor: I have everything ready but what only one of us may have.</summary>
    Release,

    /// <summary>The predecessor: nobody serves now, since when, and my lock is free.</summary>
    Released,

    /// <summary>The successor: I serve.</summary>
    Serving,

    /// <summary>The predecessor: I end.</summary>
    Over,

    /// <summary>The predecessor, instead of <see cref="Over"/>: too late, I serve again.</summary>
    Resumed,
}

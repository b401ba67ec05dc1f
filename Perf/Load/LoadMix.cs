namespace PciBackFlow.Perf.Load;

/// <summary>What the simulated guests do.</summary>
public enum LoadMix
{
    /// <summary>Reads, as a full listing (<c>lspci -vvv</c>) makes them.</summary>
    Scan = 0,

    /// <summary>Mostly reads, with Command writes, base address sizing and cache line writes in between.</summary>
    Mixed = 1,

    /// <summary>Writes, each read back.</summary>
    Write = 2,

    /// <summary>MSI and MSI-X enabled, each message raised and seen to arrive, disabled, and raised again in vain.</summary>
    Interrupts = 3,

    /// <summary>
    /// All guests boot at once, again and again: each reads header and capabilities, sizes its base addresses, enables memory and bus mastering
    /// and asks for messages.
    /// </summary>
    Boot = 4,

    /// <summary>What a recorded guest did (<see cref="LoadOptions.Recording"/>).</summary>
    Replay = 5,
}

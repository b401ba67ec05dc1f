namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>How much a reason against giving a device away weighs.</summary>
public enum RefusalWeight
{
    /// <summary>Not a reason here: a policy took it out.</summary>
    None = 0,

    /// <summary>Said, but no reason to stop.</summary>
    Warning = 1,

    /// <summary>Stops, unless a person who knows better insists.</summary>
    Judgement = 2,

    /// <summary>Stops whoever insists: it would harm the host and serve no guest.</summary>
    Forbidden = 3,

    /// <summary>Can't work.</summary>
    Impossible = 4,
}

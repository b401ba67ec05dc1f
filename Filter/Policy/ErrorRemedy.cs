namespace PciBackFlow.Filter.Policy;

/// <summary>What is done with a guest that has not got over an error of its device.</summary>
public enum ErrorRemedy
{
    /// <summary>The device is taken from it.</summary>
    Detach,

    /// <summary>It is said, and nothing done.</summary>
    Log,

    /// <summary>The guest stands still until somebody lets it go.</summary>
    Pause,

    /// <summary>The guest is stopped as one that crashed; its toolstack destroys it.</summary>
    Destroy,
}

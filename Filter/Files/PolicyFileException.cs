namespace PciBackFlow.Filter.Files;

/// <summary>A policy file or a policy text is refused. The message names the file, the place in it and the reason.</summary>
public sealed class PolicyFileException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file, as the user named it.</param>
    /// <param name="place">Where in it: <c>line 3</c>, <c>rules[0].mask</c>; empty for the file itself.</param>
    /// <param name="reason">What is wrong there and what would be right.</param>
    public PolicyFileException(string file, string place, string reason)
        : base(place.Length == 0 ? $"{file}: {reason}" : $"{file}: {place}: {reason}")
    {
        File = file;
        Place = place;
        Reason = reason;
    }

    /// <summary>The file, as the user named it.</summary>
    public string File { get; }

    /// <summary>Where in it; empty for the file itself.</summary>
    public string Place { get; }

    /// <summary>What is wrong there.</summary>
    public string Reason { get; }
}

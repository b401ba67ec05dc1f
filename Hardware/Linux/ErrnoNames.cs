namespace PciBackFlow.Hardware.Linux;

/// <summary>
/// The names of error numbers, as the headers spell them: what a person reads, and what xenstored answers with. Everywhere else an error is its number.
/// </summary>
public static class ErrnoNames
{
    /// <summary>The name of a number.</summary>
    /// <param name="errno">The number, positive.</param>
    /// <returns>For example <c>ENOENT</c>; <c>E</c> and the number when it has no name here.</returns>
    public static string Name(this Errno errno) => IsNamed(errno) ? Enum.GetName(errno)! : $"E{(int)errno}";

    /// <summary>The number of a name.</summary>
    /// <param name="name">For example <c>ENOENT</c>; case counts.</param>
    /// <returns>The number; <see cref="Errno.EIO"/> for what is no name of this table: something failed, in a way that only newer software knows.</returns>
    public static Errno FromName(ReadOnlySpan<char> name) =>
        Enum.TryParse(name, out Errno errno) && IsNamed(errno) && name.SequenceEqual(Enum.GetName(errno)) ? errno : Errno.EIO;

    private static bool IsNamed(Errno errno) => errno != Errno.None && Enum.IsDefined(errno);
}

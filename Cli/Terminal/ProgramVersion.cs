using System.Reflection;

namespace PciBackFlow.Cli.Terminal;

/// <summary>Which version of the program runs.</summary>
internal static class ProgramVersion
{
    /// <summary>The version, as <c>--version</c> prints it.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}

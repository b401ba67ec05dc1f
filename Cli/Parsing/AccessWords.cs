using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Cli.Parsing;

/// <summary>Accesses as people type them: on the command line, or one per line of a file.</summary>
internal static class AccessWords
{
    private const char Comment = '#';

    /// <summary>The argument ACCESS.</summary>
    public static Argument<AccessExpression[]> Argument(string description, ArgumentArity arity) => new("ACCESS")
    {
        Description = description,
        Arity = arity,
        CustomParser = Read,
    };

    /// <summary>
    /// Reads a file: one access per line, empty lines and text behind <c>#</c> ignored; or a log, of this daemon's or of Linux xen-pciback's lines of accesses
    /// (<see cref="LoggedAccess"/>): a file in which there is such a line is taken for one, and all other lines are ignored.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="logged">The accesses of a log, in their order; empty when it is none.</param>
    /// <exception cref="VerbException">It cannot be read, or a line is no access; the line and the place in it are named.</exception>
    public static IReadOnlyList<AccessExpression> FromFile(string path, out IReadOnlyList<LoggedAccess> logged)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new VerbException($"cannot read {path}", failure.Message, "Name a file with one ACCESS per line.", failure);
        }

        logged = [.. lines.Select(static line => LoggedAccess.TryParse(line, out LoggedAccess? access) ? access : null).OfType<LoggedAccess>()];
        var read = new List<AccessExpression>();
        if (logged.Count > 0)
        {
            return read;
        }

        for (int i = 0; i < lines.Length; i++)
        {
            int comment = lines[i].IndexOf(Comment, StringComparison.Ordinal);
            string word = (comment < 0 ? lines[i] : lines[i][..comment]).Trim();
            if (word.Length == 0)
            {
                continue;
            }

            if (!AccessExpression.TryParse(word, out AccessExpression? expression, out AccessSyntaxError? error))
            {
                // The word and the caret stand below the message, in lines of their own.
                string[] shown = Caret.Under(error.Message, word, error.Position).Split('\n', 2);
                throw new VerbException(
                    $"{path}:{i + 1}", shown[0],
                    $"{shown[1].TrimStart(' ')}\n  An access is OFFSET[+N][.b|.w|.l][@N][=VALUE[:MASK]]; # begins a comment.");
            }

            read.Add(expression);
        }

        return read;
    }

    /// <summary>Finds each access in a function.</summary>
    /// <param name="expressions">The accesses.</param>
    /// <param name="function">The function.</param>
    /// <param name="doing">What the verb does with them: <c>explain</c>.</param>
    /// <exception cref="VerbException">The function does not have what one of them names, or it is not known whether it has.</exception>
    public static ConfigAccess[] Locate(IReadOnlyList<AccessExpression> expressions, IPciFunction function, string doing)
    {
        CapabilityList capabilities = CapabilityWalk.Read(function);
        string? shortness = Shortness.Of(function);
        return [.. expressions.Select(expression => expression.TryResolve(capabilities, out ConfigAccess access, out AccessSyntaxError? error)
            ? access
            : throw new VerbException(
                $"cannot {doing} {expression} of {function.Address}",
                IsCut(expression) ? $"{shortness}: whether it has that capability is not known" : error.Message,
                IsCut(expression)
                    ? "Capture all of it, as root: lspci -xxxx, or pcibackflow devices capture."
                    : "Its capabilities: pcibackflow devices, with the same source."))];

        bool IsCut(AccessExpression expression) => shortness is not null
            && capabilities.Defects.Any(defect => defect.Kind == CapabilityListDefectKind.Truncated && defect.IsExtended == expression.NamesExtended);
    }

    private static AccessExpression[] Read(ArgumentResult result)
    {
        var read = new List<AccessExpression>();
        foreach (Token token in result.Tokens)
        {
            if (AccessExpression.TryParse(token.Value, out AccessExpression? expression, out AccessSyntaxError? error))
            {
                read.Add(expression);
            }
            else
            {
                result.AddError(Caret.Under($"ACCESS '{token.Value}': {error.Message}", token.Value, error.Position));
            }
        }

        return [.. read];
    }
}

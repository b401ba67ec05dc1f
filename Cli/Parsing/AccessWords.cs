using System.CommandLine;
using System.CommandLine.Parsing;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Capabilities;

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

    /// <summary>Reads a file: one access per line, empty lines and text behind <c>#</c> ignored.</summary>
    /// <exception cref="VerbException">It cannot be read, or a line is no access; the line and the place in it are named.</exception>
    public static IReadOnlyList<AccessExpression> FromFile(string path)
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

        var read = new List<AccessExpression>();
        for (int i = 0; i < lines.Length; i++)
        {
            int comment = lines[i].IndexOf(Comment, StringComparison.Ordinal);
            string word = (comment < 0 ? lines[i] : lines[i][..comment]).Trim();
            if (word.Length == 0)
            {
                continue;
            }

            read.Add(AccessExpression.TryParse(word, out AccessExpression? expression, out AccessSyntaxError? error)
                ? expression
                : throw new VerbException(
                    $"{path}:{i + 1}", Caret.Under(error.Message, word, error.Position),
                    "An access is OFFSET[.b|.w|.l][=VALUE]; # begins a comment."));
        }

        return read;
    }

    /// <summary>Finds each access in a function.</summary>
    /// <exception cref="VerbException">The function does not have what one of them names.</exception>
    public static ConfigAccess[] Locate(IReadOnlyList<AccessExpression> expressions, IPciFunction function)
    {
        CapabilityList capabilities = CapabilityWalk.Read(function);
        return [.. expressions.Select(expression => expression.TryResolve(capabilities, out ConfigAccess access, out AccessSyntaxError? error)
            ? access
            : throw new VerbException(
                $"cannot explain {expression} of {function.Address}", error.Message,
                "Its capabilities: pcibackflow devices, with the same source."))];
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

using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace PciBackFlow.Cli;

/// <summary>Runs one command line to its exit code. Nothing escapes: whatever goes wrong becomes lines on the error stream.</summary>
public static class CliRunner
{
    // The parser's own message names the verb, not what is missing behind it.
    private const string ArgumentMissing = "Required argument missing for command";


    /// <summary>Parses and runs.</summary>
    /// <param name="args">The words after the program's name.</param>
    /// <param name="console">Where to write.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static int Run(IReadOnlyList<string> args, CliConsole console)
    {
        try
        {
            int code = Invoke(args, console);
            console.Output.Flush();
            return code;
        }
        catch (Exception failure)
        {
            return Report(failure, console);
        }
    }

    private static int Invoke(IReadOnlyList<string> args, CliConsole console)
    {
        // No response files: '@' may begin a file's name.
        ParseResult parsed = CommandTree.Create(console).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction || (parsed.Action is null && parsed.Errors.Count > 0))
        {
            return ReportWrongWords(parsed, console);
        }

        return parsed.Invoke(new InvocationConfiguration
        {
            Output = console.Output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private static int ReportWrongWords(ParseResult parsed, CliConsole console)
    {
        var words = new List<string>();
        Command? command = parsed.CommandResult.Command;
        while (command is not (null or RootCommand))
        {
            words.Insert(0, command.Name);
            command = command.Parents.OfType<Command>().FirstOrDefault();
        }

        string verb = string.Join(' ', words.Prepend("pcibackflow"));

        // A verb that is mistyped is also "not provided": the first of the two says it all.
        IEnumerable<ParseError> errors = parsed.UnmatchedTokens.Count > 0
            ? parsed.Errors.Where(error => error.SymbolResult is not CommandResult
                || error.Message.Contains(parsed.UnmatchedTokens[0], StringComparison.Ordinal))
            : parsed.Errors;
        string missing = MissingArguments(parsed);
        IEnumerable<string> messages = missing.Length > 0
            ? errors.Where(error => !error.Message.StartsWith(ArgumentMissing, StringComparison.Ordinal))
                .Select(error => error.Message).Append($"{missing} is missing")
            : errors.Select(error => error.Message);
        foreach (string? message in messages.Distinct())
        {
            console.Error.WriteLine($"{verb}: {message}");
        }

        foreach (string suggestion in WordSuggestions.For(parsed))
        {
            console.Error.WriteLine($"  did you mean {suggestion}?");
        }

        console.Error.WriteLine($"  See: {verb} --help");
        return ExitCode.WrongWords;
    }

    private static string MissingArguments(ParseResult parsed) => string.Join(
        " and ",
        parsed.CommandResult.Command.Arguments
            .Where(argument => (parsed.GetResult(argument)?.Tokens.Count ?? 0) < argument.Arity.MinimumNumberOfValues)
            .Select(argument => argument.Name));

    private static int Report(Exception failure, CliConsole console)
    {
        try
        {
            console.Output.Flush();
        }
        catch (IOException)
        {
            // The output itself failed (disk full): the message below says so.
        }

        console.Error.WriteLine($"pcibackflow: {OneLine(failure)}");
        if (failure is VerbException { Advice: { } advice })
        {
            console.Error.WriteLine($"  {advice}");
        }

        if (StackTraces.AreWanted)
        {
            console.Error.WriteLine(failure);
        }
        else if (failure is not (VerbException or IOException or UnauthorizedAccessException))
        {
            console.Error.WriteLine($"  This is a defect of the program; {StackTraces.Variable}=1 shows where it happened.");
        }

        return failure is VerbException verb ? verb.Code : ExitCode.Failed;
    }

    private static string OneLine(Exception failure)
    {
        string message = failure is VerbException or IOException or UnauthorizedAccessException
            ? failure.Message
            : $"{failure.GetType().Name}: {failure.Message}";
        return message.ReplaceLineEndings(" ");
    }
}

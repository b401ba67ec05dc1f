using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Sources;

/// <summary>Functions out of captures: a file of the user's, or what comes with the program.</summary>
internal static class CaptureSource
{
    /// <summary>A file.</summary>
    public static FunctionSet FromFile(string path, PciAddress? only)
    {
        Capture capture = ReadOrThrow(path);
        return Of(capture.Name, path, capture, only);
    }

    /// <summary>A capture that comes with the program.</summary>
    public static FunctionSet FromBuiltin(string name, PciAddress? only) => BuiltinCaptures.TryLoad(name, out Capture? capture)
        ? Of($"builtin {name}", $"builtin {name}", capture, only)
        : throw new VerbException(
            $"no builtin capture '{name}'",
            "the program comes with others",
            BuiltinCaptures.Names.Count == 0 ? "This build has none; use --from-dump or --device." : $"Known: {string.Join(", ", BuiltinCaptures.Names)}")
        {
            Code = ExitCode.WrongWords,
        };

    /// <summary>Everything that comes with the program: the captures are one machine's.</summary>
    public static FunctionSet AllBuiltin()
    {
        var functions = new List<SourceFunction>();
        foreach (string name in BuiltinCaptures.Names)
        {
            if (BuiltinCaptures.TryLoad(name, out Capture? capture))
            {
                functions.AddRange(capture.Functions.Select(config => Of(capture, config)));
            }
        }

        return functions.Count > 0
            ? new FunctionSet("the builtin captures", false, [.. functions.OrderBy(function => function.Address)]) { IsDefault = true }
            : throw new VerbException("no source was named", "and this build comes without captures", "Use --from-dump FILE or --device BDF.");
    }

    private static FunctionSet Of(string name, string asGiven, Capture capture, PciAddress? only)
    {
        if (only is not { } address)
        {
            return new FunctionSet(name, false, [.. capture.Functions.Select(config => Of(capture, config))]);
        }

        return capture.Find(address) is { } found
            ? new FunctionSet(name, false, [Of(capture, found)])
            : throw new VerbException(
                $"no function {address} in {asGiven}",
                $"it has {string.Join(", ", capture.Functions.Select(function => function.Address.ToString()))}",
                "Name one of them, or leave --function out for all.");
    }

    private static SourceFunction Of(Capture capture, CapturedConfig config)
    {
        using var probe = new CapturedFunction(capture.Name, config);
        probe.TryRead(ConfigRegisters.ClassCode + 2, 1, out uint baseClass);
        return new SourceFunction(config.Address, ConfigHeader.KindOf(probe), config.Description, () => new CapturedFunction(capture.Name, config))
        {
            BaseClass = baseClass,
            Remarks = CaptureRemarks.Of(probe),
            Shortness = probe.Shortness,
            Assumptions = probe.Assumptions.Count,
        };
    }

    private static Capture ReadOrThrow(string path)
    {
        const string Advice = "Give an lspci -x, -xxx or -xxxx text, or a binary config file of 64, 256 or 4096 bytes.";
        try
        {
            return Directory.Exists(path)
                ? throw new VerbException($"cannot read {path}", "it is a directory", Advice)
                : Capture.Load(path);
        }
        catch (CaptureFormatException wrong)
        {
            string place = wrong.Line > 0 ? $"{path}:{wrong.Line}" : path;
            throw new VerbException(place, wrong.Reason, Advice, wrong);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new VerbException($"cannot read {path}", "there is no such file", Advice, failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new VerbException($"cannot read {path}", "permission denied", "Check its permissions.", failure);
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or NotSupportedException)
        {
            throw new VerbException($"cannot read {path}", failure.Message, Advice, failure);
        }
    }
}

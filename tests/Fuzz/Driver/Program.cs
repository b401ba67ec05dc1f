using PciBackFlow.Fuzz.Driver;
using PciBackFlow.Fuzz.Tests.Targets;

// What fuzz.sh does with the targets: the fuzzer's own loop, the inputs it begins with, what is left of those it found, and what an input does.
Minimiser.TakeCoverage();
FuzzTarget? target = args.Length > 1 ? FuzzTarget.All.FirstOrDefault(each => each.Name == args[1]) : null;
if (target is null)
{
    string known = string.Join(", ", FuzzTarget.All.Select(static each => each.Name));
    Console.Error.WriteLine($"fuzz-driver run|seeds|minimise|try TARGET [FOLDER…|FILE…]; targets: {known}");
    return 2;
}

switch (args[0])
{
    case "run":
        // Out of process: after a crash the fuzzer goes on with a new child.
        SharpFuzz.Fuzzer.OutOfProcess.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            Minimiser.MarkInput();
            target.Run(input.GetBuffer().AsSpan(0, (int)input.Length));
        });
        return 0;
    case "seeds" when args.Length == 3:
        Inputs.Write(target.Seeds(), args[2]);
        return 0;
    case "minimise" when args.Length > 3:
        return Minimiser.Run(target, [.. args[2..^1].SelectMany(Inputs.Read)], args[^1]);
    case "try" when args.Length > 2:
        foreach (string path in args[2..])
        {
            Console.WriteLine($"{path}: {Inputs.OutcomeOf(target, File.ReadAllBytes(path))}");
        }

        return 0;
    default:
        Console.Error.WriteLine("fuzz-driver: wrong words; see fuzz.sh");
        return 2;
}

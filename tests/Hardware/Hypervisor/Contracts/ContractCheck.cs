using System.Runtime.CompilerServices;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>One behaviour that every implementation has: run by tests in memory and by a program on real devices.</summary>
/// <param name="Name">What holds, as a sentence.</param>
/// <param name="Run">Throws when it doesn't hold.</param>
public sealed record ContractCheck<TSubject>(string Name, Action<TSubject> Run);

/// <summary>Makes checks of methods, named as these are.</summary>
public static class ContractCheck
{
    public static ContractCheck<TSubject> Of<TSubject>(Action<TSubject> run, [CallerArgumentExpression(nameof(run))] string name = "") =>
        new(name, run);

    /// <summary>One check for each row of data.</summary>
    public static IEnumerable<ContractCheck<TSubject>> ForEach<TSubject>(
        Action<TSubject, string> run, string[] rows, [CallerArgumentExpression(nameof(run))] string name = "") =>
        rows.Select(row => new ContractCheck<TSubject>($"{name}('{row}')", subject => run(subject, row)));
}

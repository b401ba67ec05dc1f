namespace PciBackFlow.Lab.Tests;

/// <summary>The boot that all cases of a scenario share; made by the first that asks.</summary>
/// <typeparam name="TScenario">The scenario.</typeparam>
public sealed class Boot<TScenario>
    where TScenario : IScenario
{
    private readonly Lazy<BootRecord?> _record = new(() => BootRunner.Run(typeof(TScenario), TScenario.Machine));

    /// <summary>What dom0 reported, in its order.</summary>
    public IReadOnlyList<string> Reports => Record.Reports;

    // Skips the test where the boot was not begun.
    private BootRecord Record
    {
        get
        {
            Assert.SkipWhen(_record.Value is null, $"not begun: it was past {LabSettings.Until:HH:mm:ss}, after which this run begins no boot (docs/lab.md)");
            return _record.Value;
        }
    }

    /// <summary>Fails unless the scenario reported this case as held; says why, with the case's part of the log and where the whole log is.</summary>
    /// <param name="name">The case.</param>
    public void AssertHeld(string name)
    {
        BootRecord record = Record;
        string? verdict = record.VerdictOf(name);
        if (verdict is null)
        {
            return;
        }

        TestContext.Current.AddAttachment($"{typeof(TScenario).Name}.log", record.Text);
        Assert.Fail($"{verdict}\nhost: {LabSettings.Host.Name}\nlog: {record.LogPath}\n{record.ExcerptOf(name)}");
    }
}

namespace PciBackFlow.Simulation;

/// <summary>What kind of history: how much of ten of everything bad. Where all of it happens all the time nothing ever gets far.</summary>
internal sealed record Weather(int Deaths, int Errors, int Bad)
{
    public static Weather Of(SeededRandom random) => new(random.Pick([0, 2, 5, 10]), random.Pick([0, 0, 3, 10]), random.Pick([0, 2, 5, 8]));
}

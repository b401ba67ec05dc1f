namespace PciBackFlow.Backend.Plans;

/// <summary>What a step writes down, so that a later process knows of it: the intent before, the result after.</summary>
/// <typeparam name="T">What the plan works on.</typeparam>
internal interface IStepNote<in T>
{
    /// <summary>What is written down, for the table.</summary>
    string Name { get; }

    /// <summary>Before the step. When it can't be written the step is not taken.</summary>
    void Begin(T subject);

    /// <summary>After the step.</summary>
    void Complete(T subject);

    /// <summary>The step failed after <see cref="Begin"/>.</summary>
    void Refused(T subject, Exception failure);
}

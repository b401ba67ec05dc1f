namespace PciBackFlow.Backend.Plans;

/// <summary>Who follows plans while they are carried out. Called by whoever carries them out; an exception of it is the step's.</summary>
internal interface IPlanObserver
{
    /// <summary>A step is about to be taken.</summary>
    void Before(IPlan plan, IStep step);

    /// <summary>A step was taken; also with what the plan within it did.</summary>
    void After(IPlan plan, IStep step);
}

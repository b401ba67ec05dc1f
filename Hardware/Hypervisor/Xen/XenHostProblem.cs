namespace PciBackFlow.Hardware.Hypervisor.Xen;

/// <summary>One reason why guests can't be served on this host.</summary>
/// <param name="Name">A fixed word for programs, e.g. <c>kernel-backend</c>.</param>
/// <param name="Message">What is the matter.</param>
/// <param name="Remedy">What a person can do about it.</param>
public readonly record struct XenHostProblem(string Name, string Message, string Remedy)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Message}: {Remedy}";
}

namespace PciBackFlow.Backend.Control.Api;

/// <summary>Body of <c>POST /v1/assignable</c>: a device that guests shall be able to have.</summary>
/// <param name="Address">Which of the host, in a selector's words (<see cref="Selection.SelectorForms"/>).</param>
/// <param name="Name">A name for it, or null.</param>
/// <param name="Force">Whether refusals that only a person can judge are overridden.</param>
public sealed record TakeDevice(string Address, string? Name = null, bool Force = false);

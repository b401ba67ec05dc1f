namespace PciBackFlow.Backend.Control.Api;

/// <summary>Body of <c>POST /v1/domains/DOM/devices</c>: a device for a guest.</summary>
/// <param name="Spec">Which and how, in xl's words: <c>03:00.0,permissive=1</c>.</param>
/// <param name="Wait">Whether the answer comes when the guest has it.</param>
/// <param name="Keep">Whether it is attached again after the guest's reboot.</param>
/// <param name="Force">Whether refusals that only a person can judge are overridden.</param>
public sealed record AttachDevice(string Spec, bool Wait = true, bool Keep = false, bool Force = false);

namespace PciBackFlow.Hardware.Errors;

/// <summary>Something about errors of devices that is to be reckoned with on a host.</summary>
/// <param name="Code">A fixed word for programs: <c>errors-not-native</c>.</param>
/// <param name="Text">For people.</param>
/// <param name="Evidence">What it was read from.</param>
public sealed record ErrorHazard(string Code, string Text, string Evidence);

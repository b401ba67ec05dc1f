namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The emulator lets the root port report errors; the guest that has the device below recovers from them, or loses it.</summary>
public sealed class DeviceErrors(Boot<DeviceErrors> boot) : ScenarioTests<DeviceErrors>(boot), IScenario;

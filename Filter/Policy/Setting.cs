namespace PciBackFlow.Filter.Policy;

/// <summary>A value with the place it comes from.</summary>
/// <typeparam name="T">The value's type.</typeparam>
/// <param name="Value">The effective value.</param>
/// <param name="Origin">Where it was set.</param>
public readonly record struct Setting<T>(T Value, SettingOrigin Origin);

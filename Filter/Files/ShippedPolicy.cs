namespace PciBackFlow.Filter.Files;

/// <summary>A policy that comes with the program: a row of <see cref="ShippedPolicies"/>.</summary>
/// <param name="Name">What it is called by wherever a policy file is named.</param>
/// <param name="Driver">The driver that writes what the default denies.</param>
/// <param name="Devices">The devices it is for, for people.</param>
/// <param name="Writes">What the driver writes, in setpci's words: <c>learn</c> of these gave the file.</param>
/// <param name="Without">What a guest has without it.</param>
public sealed record ShippedPolicy(string Name, string Driver, string Devices, string Writes, string Without);

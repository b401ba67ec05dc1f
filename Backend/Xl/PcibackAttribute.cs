using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Xl;

/// <summary>One file of the directory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Read">What it holds now; null: it can't be read.</param>
/// <param name="Write">Does what is written, and returns an error number or 0; null: it can't be written.</param>
internal sealed record PcibackAttribute(string Name, Func<string>? Read, Func<string, Errno>? Write);

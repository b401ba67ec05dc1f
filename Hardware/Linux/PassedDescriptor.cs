using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Hardware.Linux;

/// <summary>A descriptor that a service manager passed to this process.</summary>
/// <param name="Name">What it is called there; empty when that was not said.</param>
/// <param name="Handle">The descriptor; closed by whoever gets this.</param>
public readonly record struct PassedDescriptor(string Name, SafeFileHandle Handle);

using PciBackFlow.Filter.Run;

namespace PciBackFlow.Stages.Connections;

/// <summary>A guest's write of which policy dropped something, as the filter saw it.</summary>
/// <param name="Function">The function.</param>
/// <param name="Offset">Offset in its configuration space; valid.</param>
/// <param name="Size">Bytes: 1, 2 or 4.</param>
/// <param name="Value">What the guest wrote; bits above the size are 0.</param>
/// <param name="DeniedBits">What was dropped, in the write's lanes (<see cref="AccessPlan.DeniedBits"/>).</param>
public readonly record struct DeniedWrite(AssignedFunction Function, int Offset, int Size, uint Value, uint DeniedBits);

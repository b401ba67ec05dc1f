using System.Runtime.CompilerServices;

namespace PciBackFlow.Stages.Wire;

/// <summary>Room for the <see cref="SharedInfoLayout.MaxVectors"/> entries of one request, without an object of its own.</summary>
[InlineArray(SharedInfoLayout.MaxVectors)]
public struct MsixEntryArray
{
    private MsixEntry _first;
}

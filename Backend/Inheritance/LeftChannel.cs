namespace PciBackFlow.Backend.Inheritance;

/// <summary>Where an earlier daemon had a guest's event channel bound. It is bound there still if that descriptor was kept.</summary>
/// <param name="Shard">On which shard's descriptor.</param>
/// <param name="Port">The local port.</param>
internal readonly record struct LeftChannel(int Shard, int Port);

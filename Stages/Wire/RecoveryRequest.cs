namespace PciBackFlow.Stages.Wire;

/// <summary>What the backend asks in <c>aer_op</c>: one step of a recovery, for one function.</summary>
/// <param name="Command"><see cref="PciOpCode.AerDetected"/> to <see cref="PciOpCode.AerSlotReset"/>.</param>
/// <param name="State">The channel's state; <see cref="ChannelState.Normal"/> for all but the first.</param>
/// <param name="Domain">Segment as the guest sees it.</param>
/// <param name="Bus">Bus, likewise.</param>
/// <param name="Devfn">(slot &lt;&lt; 3) | function, likewise.</param>
public readonly record struct RecoveryRequest(PciOpCode Command, ChannelState State, uint Domain, uint Bus, uint Devfn);

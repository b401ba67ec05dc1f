namespace PciBackFlow.Stages.Wire;

/// <summary>What a frontend is told of its device in <c>aer_op.err</c> (Linux <c>pci_channel_state_t</c>, include/linux/pci.h).</summary>
public enum ChannelState
{
    /// <summary>Accesses work.</summary>
    Normal = 1,

    /// <summary>The device is not to be touched: what it held may be lost.</summary>
    Frozen = 2,

    /// <summary>It will not come back.</summary>
    PermanentFailure = 3,
}

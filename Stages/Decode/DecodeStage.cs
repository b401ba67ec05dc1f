using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Decode;

/// <summary>
/// Checks the request in Linux xen-pciback's order: the function, then the code, then offset and size. What fails is decided here
/// and only answered by the later stages.
/// </summary>
public readonly struct DecodeStage : IStage<GuestOperation>
{
    /// <inheritdoc/>
    public static string Name => "decode";

    /// <inheritdoc/>
    public StageFlow Process(GuestOperation item)
    {
        if (item.Connection is not { } connection)
        {
            return StageFlow.Idle;
        }

        ref readonly PciOpRequest request = ref item.Request;
        item.Function = connection.Functions.Find(request.Domain, request.Bus, request.Devfn);
        if (item.Function is not { } function)
        {
            item.Decide(PciOpStatus.DeviceNotFound, item.Value);
            return StageFlow.Continue;
        }

        switch (request.Command)
        {
            case PciOpCode.ConfigRead:
                if (!IsAccess(request.Offset, request.Size, function.Hardware.Size))
                {
                    item.Decide(PciOpStatus.InvalidOffset, 0);
                }

                break;
            case PciOpCode.ConfigWrite:
                if (!IsAccess(request.Offset, request.Size, function.Hardware.Size))
                {
                    item.Decide(PciOpStatus.InvalidOffset, item.Value);
                }

                break;
            case PciOpCode.EnableMsi:
            case PciOpCode.DisableMsi:
            case PciOpCode.EnableMsix:
            case PciOpCode.DisableMsix:
            case PciOpCode.EnableMultiMsi:
                if (connection.Interrupts is null)
                {
                    item.Decide(PciOpStatus.NotImplemented, item.Value);
                }

                break;
            default:
                // The recovery codes 6 to 9 too: they travel the other way, in the other slot.
                item.Decide(PciOpStatus.NotImplemented, item.Value);
                break;
        }

        return StageFlow.Continue;
    }

    // All three are the guest's 32 bits. Size first: what follows divides by it; and an offset in range can't overflow the sum.
    private static bool IsAccess(int offset, int size, int configSize) =>
        size is 1 or 2 or 4 && (offset & (size - 1)) == 0 && offset >= 0 && offset <= configSize - size;
}

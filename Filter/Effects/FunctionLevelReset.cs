using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Effects;

/// <summary>
/// A function level reset that the guest asked for: done by the host, which keeps the configuration. The trigger bit itself never
/// reaches hardware, because the function would lose addresses that the host still counts on.
/// </summary>
internal static class FunctionLevelReset
{
    internal static AccessStatus Write(AssignedFunction function)
    {
        if (!function.Hardware.TryReset())
        {
            return AccessStatus.OperationFailed;
        }

        Note(function);
        return AccessStatus.Success;
    }

    internal static bool PutBack(AssignedFunction function)
    {
        if (!function.Hardware.TryPutBack())
        {
            return false;
        }

        Note(function);
        return true;
    }

    private static void Note(AssignedFunction function)
    {
        PowerControl.NoteReset(function);
        function.Refresh();
        function.AfterReset?.Invoke(function);
    }
}

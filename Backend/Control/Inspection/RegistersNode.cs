using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PciBackFlow.Backend.Control.Inspection;

/// <summary>
/// The virtual registers of a guest's function, by what a restart finds of them: the header that is written before them, and the words (<see
/// cref="VirtualRegisters"/>), of which those that are 0 are left out. Read while the guest may be writing: each word is whole, all are not of one moment.
/// </summary>
internal static class RegistersNode
{
    /// <summary>Reads them.</summary>
    /// <param name="registers">The registers.</param>
    /// <param name="header">Whose they are; null where they are not kept.</param>
    /// <returns>A document.</returns>
    public static JsonObject Of(VirtualRegisters registers, RegisterHeader? header)
    {
        JsonObject values = [];
        for (int dword = 0; dword < registers.ConfigSize / 4; dword++)
        {
            if (registers[dword] is not 0 and var word)
            {
                values.Add(Hex((uint)(4 * dword), 3), Hex(word, 8));
            }
        }

        JsonArray accumulators = [];
        for (int index = 0; index < BaseAddressAnswer.Count; index++)
        {
            accumulators.Add((JsonNode)Hex(registers.Accumulator(index), 8));
        }

        JsonObject document = [];
        if (header is { } its)
        {
            document.Add("format", RegisterHeader.Format);
            document.Add("boot", its.Boot.ToString());
            document.Add("domain_id", its.Life.DomainId);
            document.Add("handle", its.Life.Handle.ToString());
            document.Add("host", its.Host.ToString());
            document.Add("guest", its.Guest.ToString());
        }

        document.Add("config_size", registers.ConfigSize);
        document.Add("enabled", registers.IsEnabled);
        document.Add("knows_messages", registers.KnowsMessages);
        document.Add("command", Hex(registers.Command, 4));
        document.Add("accumulators", accumulators);
        document.Add("denied_registers", registers.WarnedCount);
        document.Add("values", values);

        // The words may be a mapped file's, which ends with them.
        GC.KeepAlive(registers);
        return document;
    }

    private static string Hex(uint value, int digits) => $"0x{value.ToString($"x{digits}", CultureInfo.InvariantCulture)}";
}

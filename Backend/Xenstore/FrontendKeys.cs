using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>What a frontend publishes to be attached, as text: it is a guest's, and checked only where it is used.</summary>
/// <param name="PageReference"><c>pci-op-ref</c>; null when missing.</param>
/// <param name="EventChannel"><c>event-channel</c>; null when missing.</param>
/// <param name="Magic"><c>magic</c>; null when missing.</param>
internal sealed record FrontendKeys(string? PageReference, string? EventChannel, string? Magic)
{
    /// <summary>The protocol's version, compared as text.</summary>
    private const string ProtocolMagic = "7";

    /// <summary>Reads the keys. A frontend writes the three in one transaction, before its state.</summary>
    public static FrontendKeys Read(IXenStoreAccess store, string frontend) => new(
        store.Read($"{frontend}/pci-op-ref"), store.Read($"{frontend}/event-channel"), store.Read($"{frontend}/magic"));

    /// <summary>Checks the keys.</summary>
    /// <param name="reference">The page's grant reference.</param>
    /// <param name="port">The frontend's port.</param>
    /// <returns>Null, or the name of the wrong key and what is wrong with it.</returns>
    public string? Check(out uint reference, out int port)
    {
        reference = 0;
        port = 0;
        if (Magic != ProtocolMagic)
        {
            return Magic is null ? "magic is missing" : $"magic '{StoreFormats.Printable(Magic)}' is not '{ProtocolMagic}': another version of the protocol";
        }

        if (!StoreFormats.TryParseDecimal(PageReference, out reference))
        {
            return Wrong("pci-op-ref", PageReference);
        }

        if (!StoreFormats.TryParseDecimal(EventChannel, out uint number) || number > int.MaxValue)
        {
            return Wrong("event-channel", EventChannel);
        }

        port = (int)number;
        return null;
    }

    private static string Wrong(string key, string? text) =>
        text is null ? $"{key} is missing" : $"{key} is not a number in range: '{StoreFormats.Printable(text)}'";
}

using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>What a frontend publishes to be attached, as text: it is a guest's, and checked only where it is used.</summary>
/// <param name="PageReference">The page's grant reference; null when missing.</param>
/// <param name="EventChannel">The frontend's port; null when missing.</param>
/// <param name="Magic">The protocol's version; null when missing.</param>
public sealed record FrontendKeys(string? PageReference, string? EventChannel, string? Magic)
{
    /// <summary>The protocol's version, compared as text.</summary>
    public const string ProtocolMagic = "7";

    /// <summary>What a frontend publishes of a page and a port.</summary>
    /// <param name="reference">The page's grant reference.</param>
    /// <param name="port">The frontend's port.</param>
    /// <returns>The keys.</returns>
    public static FrontendKeys Of(uint reference, int port) =>
        new(reference.ToString(CultureInfo.InvariantCulture), port.ToString(CultureInfo.InvariantCulture), ProtocolMagic);

    /// <summary>Reads the keys. A frontend writes the three in one transaction, before its state.</summary>
    /// <param name="store">The store.</param>
    /// <param name="frontend">The frontend's directory.</param>
    /// <returns>What they say.</returns>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public static FrontendKeys Read(IXenStoreAccess store, string frontend) => new(
        store.Read(StoreKeys.In(frontend, StoreKeys.PageReference)),
        store.Read(StoreKeys.In(frontend, StoreKeys.EventChannel)),
        store.Read(StoreKeys.In(frontend, StoreKeys.Magic)));

    /// <summary>Writes the keys that are not null.</summary>
    /// <param name="store">A transaction of the guest's.</param>
    /// <param name="frontend">The frontend's directory.</param>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public void Write(IXenStoreAccess store, string frontend)
    {
        Write(StoreKeys.PageReference, PageReference);
        Write(StoreKeys.EventChannel, EventChannel);
        Write(StoreKeys.Magic, Magic);

        void Write(string key, string? value)
        {
            if (value is not null)
            {
                store.Write(StoreKeys.In(frontend, key), value);
            }
        }
    }

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
            return Magic is null
                ? $"{StoreKeys.Magic} is missing"
                : $"{StoreKeys.Magic} '{StoreFormats.Printable(Magic)}' is not '{ProtocolMagic}': another version of the protocol";
        }

        if (!StoreFormats.TryParseDecimal(PageReference, out reference))
        {
            return Wrong(StoreKeys.PageReference, PageReference);
        }

        if (!StoreFormats.TryParseDecimal(EventChannel, out uint number) || number > int.MaxValue)
        {
            return Wrong(StoreKeys.EventChannel, EventChannel);
        }

        port = (int)number;
        return null;
    }

    private static string Wrong(string key, string? text) =>
        text is null ? $"{key} is missing" : $"{key} is not a number in range: '{StoreFormats.Printable(text)}'";
}

using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>Every function of every capture at hand: those the project ships, and those below the folder that PCIBACKFLOW_CAPTURES names.</summary>
internal static class CapturedImages
{
    public const string Variable = "PCIBACKFLOW_CAPTURES";

    public static IEnumerable<(string Name, CapturedConfig Config)> Shipped() =>
        from name in BuiltinCaptures.Names
        from config in (BuiltinCaptures.TryLoad(name, out Capture? capture) ? capture.Functions : [])
        select (name, config);

    public static IEnumerable<(string Name, CapturedConfig Config)> All()
    {
        foreach ((string Name, CapturedConfig Config) shipped in Shipped())
        {
            yield return shipped;
        }

        string? folder = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(folder))
        {
            yield break;
        }

        foreach (string? file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (file.EndsWith(".md", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (CapturedConfig config in Capture.Load(file).Functions)
            {
                yield return ($"{Path.GetFileName(Path.GetDirectoryName(file))}/{Path.GetFileName(file)} {config.Address}", config);
            }
        }
    }

    /// <summary>Those a guest can have or look at: CardBus bridges (header type 2) are refused.</summary>
    public static IEnumerable<(string Name, byte[] Bytes, IPciFunction Function)> Usable()
    {
        foreach ((string? name, CapturedConfig? config) in All())
        {
            var function = new CapturedFunction(name, config);
            byte[] bytes = new byte[function.Size];
            for (int offset = 0; offset < function.ReadableSize; offset++)
            {
                Assert.True(function.TryRead(offset, 1, out uint value), $"{name} {offset:x}");
                bytes[offset] = (byte)value;
            }

            if ((bytes[0x0E] & 0x7F) <= 1)
            {
                yield return (name, bytes, function);
            }
        }
    }
}

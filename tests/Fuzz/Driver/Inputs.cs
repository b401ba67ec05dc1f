using System.Security.Cryptography;
using PciBackFlow.Fuzz.Tests.Targets;

namespace PciBackFlow.Fuzz.Driver;

/// <summary>Inputs as files, each named after what is in it, so that the same one is never there twice.</summary>
internal static class Inputs
{
    private const int NameDigits = 16;

    internal static IEnumerable<byte[]> Read(string folder) => !Directory.Exists(folder)
        ? []
        : Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    internal static void Write(IEnumerable<byte[]> inputs, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (byte[] input in inputs)
        {
            File.WriteAllBytes(Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(input))[..NameDigits]), input);
        }
    }

    internal static string OutcomeOf(FuzzTarget target, byte[] input)
    {
        try
        {
            return target.Run(input);
        }
        catch (Exception failure) // that it is one is the answer
        {
            return $"FAILED: {failure}";
        }
    }
}

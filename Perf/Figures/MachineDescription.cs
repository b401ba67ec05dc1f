using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace PciBackFlow.Perf.Figures;

/// <summary>Where a figure was measured. Without this block a latency means nothing.</summary>
/// <param name="Cpu">The processor's model name.</param>
/// <param name="Cores">Logical processors this process may use.</param>
/// <param name="Kernel">Kernel name and release.</param>
/// <param name="Virtualisation">What the machine runs under: <c>none</c>, a hypervisor's name, or <c>unknown hypervisor</c>.</param>
/// <param name="Runtime">The .NET runtime, and whether the program was compiled ahead of time.</param>
public sealed record MachineDescription(
    [property: JsonPropertyName("cpu")] string Cpu,
    [property: JsonPropertyName("cores")] int Cores,
    [property: JsonPropertyName("kernel")] string Kernel,
    [property: JsonPropertyName("virtualisation")] string Virtualisation,
    [property: JsonPropertyName("runtime")] string Runtime)
{
    /// <summary>Looks at this machine. What cannot be found out is said to be unknown.</summary>
    /// <returns>The description.</returns>
    public static MachineDescription Describe()
    {
        string cpuInfo = ReadText("/proc/cpuinfo");
        // RuntimeFeature says "native" of a JIT build that is meant to be published natively; the JIT itself does not lie.
        string compiled = System.Runtime.JitInfo.GetCompiledMethodCount() > 0 ? "JIT" : "native";
        return new MachineDescription(
            FieldOf(cpuInfo, "model name") ?? FieldOf(cpuInfo, "Hardware") ?? RuntimeInformation.ProcessArchitecture.ToString(),
            Environment.ProcessorCount,
            RuntimeInformation.OSDescription,
            Hypervisor(cpuInfo),
            $"{RuntimeInformation.FrameworkDescription} {compiled}");
    }

    private static string Hypervisor(string cpuInfo)
    {
        // Xen tells in sysfs; others only in the firmware's strings; the processor's flag says that there is one at all.
        string type = ReadText("/sys/hypervisor/type").Trim();
        if (type.Length != 0)
        {
            return type;
        }

        bool guest = (FieldOf(cpuInfo, "flags") ?? string.Empty).Split(' ').Contains("hypervisor");
        if (!guest)
        {
            return "none";
        }

        string product = $"{ReadText("/sys/class/dmi/id/sys_vendor").Trim()} {ReadText("/sys/class/dmi/id/product_name").Trim()}".Trim();
        return product.Length == 0 ? "unknown hypervisor" : product;
    }

    private static string? FieldOf(string text, string name)
    {
        foreach (string line in text.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Trim().SequenceEqual(name))
            {
                return line[(colon + 1)..].Trim();
            }
        }

        return null;
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }
}

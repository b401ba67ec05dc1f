using System.Text;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Reset;

/// <summary>How a function would be reset, before it is. Immutable.</summary>
public sealed class ResetPlan
{
    private ResetPlan(PciAddress address, IReadOnlyList<ResetStep> steps, IReadOnlyList<string> offered, bool isNarrowed)
    {
        Address = address;
        Steps = steps;
        Offered = offered;
        IsNarrowed = isNarrowed;
    }

    /// <summary>The function.</summary>
    public PciAddress Address { get; }

    /// <summary>The methods that were looked at, in the order in which they would be tried.</summary>
    public IReadOnlyList<ResetStep> Steps { get; }

    /// <summary>The names that the kernel offered, in its order.</summary>
    public IReadOnlyList<string> Offered { get; }

    /// <summary>Whether the kernel has to be told which methods to use, because it would try others.</summary>
    public bool IsNarrowed { get; }

    /// <summary>The methods that would be tried.</summary>
    public IEnumerable<ResetMethod> Usable => Steps.Where(static step => step.IsUsable).Select(static step => step.Method);

    /// <summary>Whether there is any way.</summary>
    public bool IsPossible => Usable.Any();

    /// <summary>Plans a reset. Changes nothing.</summary>
    /// <param name="bus">The host's bus.</param>
    /// <param name="address">The function.</param>
    /// <param name="wanted">What an administrator wants for this function: method names in order; the kernel's order when null.
    /// An empty list forbids resets.</param>
    /// <returns>The plan.</returns>
    public static ResetPlan For(SysfsBus bus, PciAddress address, IReadOnlyList<string>? wanted = null)
    {
        string[] offered = (bus.Read(address, "reset_method") ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries);

        // The file is write-only, and there only while some method works.
        bool hasReset = File.Exists(Path.Combine(bus.DevicesRoot, address.ToString(), "reset"));
        if (offered.Length == 0 && hasReset && wanted is not { Count: 0 })
        {
            return new(address, [new(ResetMethods.KernelsChoice, null)], [], isNarrowed: false);
        }

        PciAddress[] others = OthersOnBus(bus, address);
        List<ResetStep> steps = [];
        foreach (string name in wanted ?? offered)
        {
            ResetMethod method = ResetMethods.Of(name);
            string? obstacle = !offered.Contains(name) ? "the kernel does not offer it"
                : method.ResetsBus && others.Length > 0 ? $"it would reset {string.Join(", ", others)} too"
                : null;
            steps.Add(new(method, obstacle));
        }

        return new(address, steps, offered, !steps.Where(static step => step.IsUsable).Select(static step => step.Method.Name).SequenceEqual(offered));
    }

    /// <summary>The plan for a person: each method, what it does to whom, and why it is or isn't used.</summary>
    /// <returns>One line for each method.</returns>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(Address).Append(IsPossible ? ": bus mastering off, wait for pending transactions, then" : ": no reset");
        bool isFirst = true;
        foreach (ResetStep step in Steps)
        {
            text.Append("\n  ").Append(step.Method.Name).Append(" (").Append(step.Method.What).Append(')');
            if (step.Obstacle is not null)
            {
                text.Append(": not used, ").Append(step.Obstacle);
            }
            else
            {
                text.Append(isFirst ? ": tried first" : ": tried if those before it do not work");
            }

            isFirst &= step.Obstacle is not null;
        }

        if (Steps.Count == 0)
        {
            text.Append("\n  the kernel offers no method: what one guest leaves in the device the next one finds");
        }

        return text.ToString();
    }

    // The kernel looks at pci_dev.bus->devices; functions of one bus have one segment and bus number.
    private static PciAddress[] OthersOnBus(SysfsBus bus, PciAddress address) =>
        [.. PciDevices.Addresses(bus.DevicesRoot).Where(other => other != address && other.Domain == address.Domain && other.Bus == address.Bus)];
}

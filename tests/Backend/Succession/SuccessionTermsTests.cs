using PciBackFlow.Backend.Succession;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>Which daemons may follow each other, of whatever version.</summary>
public sealed class SuccessionTermsTests
{
    [Theory]
    [InlineData(1, "2.0", "xen", "/var/lib/pcibackflow", "journal=1 guests=1", null)]
    [InlineData(1, "0.1", "xen", "/var/lib/pcibackflow", "journal=1", null)]
    [InlineData(1, "2.0", "xen", "/var/lib/pcibackflow", "journal=1 guests=1 counters=7", null)]
    [InlineData(1, "2.0", "xen", "/var/lib/pcibackflow", "journal=2 guests=1", "format 2 of journal")]
    [InlineData(1, "2.0", "xen", "/var/lib/pcibackflow", "journal=1 guests=0", "format 0 of guests")]
    [InlineData(2, "2.0", "xen", "/var/lib/pcibackflow", "journal=1 guests=1", "protocol 2")]
    [InlineData(1, "2.0", "loopback", "/var/lib/pcibackflow", "journal=1 guests=1", "serves loopback")]
    [InlineData(1, "2.0", "xen", "/elsewhere", "journal=1 guests=1", "/elsewhere")]
    public void What_stands_in_the_way_is_named(int protocol, string version, string platform, string state, string formats, string? obstacle)
    {
        SuccessionTerms own = new(1, "1.0", "xen", "/var/lib/pcibackflow", Formats("journal=1 guests=1"));
        string? found = own.ObstacleTo(new(protocol, version, platform, state, Formats(formats)));
        if (obstacle is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.Contains(obstacle, found, StringComparison.Ordinal);
        }
    }

    private static Dictionary<string, int> Formats(string text) =>
        text.Split(' ').Select(static pair => pair.Split('=')).ToDictionary(static pair => pair[0], static pair => int.Parse(pair[1], null));
}

using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Filter.Tests.Insight;

/// <summary>setpci(8)'s words.</summary>
public sealed class AccessExpressionTests
{
    private static readonly CapabilityList Capabilities = new(
        [
            new((ushort)CapabilityId.PowerManagement, 0x40, 0, false),
            new(0x09, 0x60, 0, false),
            new(0x09, 0x80, 0, false),
            new(0x0001, 0x100, 1, true),
        ],
        []);

    [Theory]
    [InlineData("0", 0, 4, null)]
    [InlineData("10", 0x10, 4, null)]
    [InlineData("0x10.w", 0x10, 2, null)]
    [InlineData("3d.B", 0x3D, 1, null)]
    [InlineData("COMMAND", 4, 2, null)]
    [InlineData("command=0x7", 4, 2, 7u)]
    [InlineData("COMMAND.l=ffffffff", 4, 4, 0xFFFFFFFFu)]
    [InlineData("COMMAND+1.b", 5, 1, null)]
    [InlineData("BASE_ADDRESS_0=ffffffff", 0x10, 4, 0xFFFFFFFFu)]
    [InlineData("BIST", 0x0F, 1, null)]
    [InlineData("BRIDGE_CONTROL", 0x3E, 2, null)]
    [InlineData("CAP_PM+4.w", 0x44, 2, null)]
    [InlineData("cap_pm+4.w=8003", 0x44, 2, 0x8003u)]
    [InlineData("CAP01", 0x40, 4, null)]
    [InlineData("CAP_VNDR@1+2.b", 0x82, 1, null)]
    [InlineData("ECAP_AER+0", 0x100, 4, null)]
    [InlineData("ECAP0001+4", 0x104, 4, null)]
    [InlineData("5.w", 5, 2, null)]
    [InlineData("1000", 0x1000, 4, null)]
    [InlineData("fffffffc", -4, 4, null)]
    public void An_expression_names_an_access(string text, int offset, int size, uint? value)
    {
        Assert.True(AccessExpression.TryParse(text, out AccessExpression? expression, out AccessSyntaxError? error), error?.Message);
        Assert.True(expression.TryResolve(Capabilities, out ConfigAccess access, out _));
        Assert.Equal(new ConfigAccess(offset, size, value), access);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("NOSUCH", 0)]
    [InlineData("NOSUCH.w=1", 0)]
    [InlineData("1g", 1)]
    [InlineData("0x1g", 3)]
    [InlineData("10.q", 3)]
    [InlineData("10.", 3)]
    [InlineData("10.wx", 4)]
    [InlineData("10=", 3)]
    [InlineData("10=xyz", 3)]
    [InlineData("10=123456789", 3)]
    [InlineData("10.b=100", 5)]
    [InlineData("COMMAND=10000", 8)]
    [InlineData("COMMAND+", 8)]
    [InlineData("CAP_NOSUCH+4", 0)]
    [InlineData("10@1", 2)]
    [InlineData("123456789", 0)]
    public void A_wrong_expression_is_refused_at_its_wrong_character(string text, int position)
    {
        Assert.False(AccessExpression.TryParse(text, out _, out AccessSyntaxError? error));
        Assert.Equal(position, error.Position);
        Assert.NotEmpty(error.Message);
    }

    [Theory]
    [InlineData("CAP_MSI")]
    [InlineData("ECAP_SRIOV")]
    [InlineData("CAP_VNDR@2")]
    public void A_capability_the_function_lacks_is_said(string text)
    {
        Assert.True(AccessExpression.TryParse(text, out AccessExpression? expression, out _));
        Assert.False(expression.TryResolve(Capabilities, out _, out AccessSyntaxError? error));
        Assert.Contains("function has", error.Message, StringComparison.Ordinal);
    }
}

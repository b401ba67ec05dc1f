using System.Globalization;
using System.Net;
using System.Text;

namespace PciBackFlow.Perf.Reports.Plots;

/// <summary>A picture in an HTML page. Colours are the page's: shapes have class names only.</summary>
internal sealed class Svg
{
    private readonly StringBuilder _markup = new();

    /// <param name="width">Width in its own units; the page scales it.</param>
    /// <param name="height">Height in the same units.</param>
    /// <param name="description">What it shows, for those who do not see it.</param>
    internal Svg(double width, double height, string description) =>
        Add($"<div class=\"wide\"><svg viewBox=\"0 0 {width:0} {height:0}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(description)}\">\n");

    internal void Line(string kind, double x1, double y1, double x2, double y2) =>
        Add($"<line class=\"{kind}\" x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\"/>\n");

    /// <summary>Text, with what a pointer on it shows.</summary>
    internal void Text(double x, double y, string anchor, string text, string kind = "tick") =>
        Add($"<text class=\"{kind}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>\n");

    internal void Bar(string kind, double x, double y, double width, double height, string title)
    {
        Add($"<rect class=\"{kind}\" x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\">");
        Add($"<title>{WebUtility.HtmlEncode(title)}</title></rect>\n");
    }

    internal void Dot(string kind, double x, double y, string title) =>
        Add($"<circle class=\"{kind}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3\"><title>{WebUtility.HtmlEncode(title)}</title></circle>\n");

    /// <summary>A line through points; less than two make none.</summary>
    internal void Path(string kind, IReadOnlyCollection<(double X, double Y)> points)
    {
        if (points.Count < 2)
        {
            return;
        }

        Add($"<polyline class=\"{kind}\" points=\"");
        foreach ((double x, double y) in points)
        {
            Add($"{x:0.#},{y:0.#} ");
        }

        _markup.Append("\"/>\n");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{_markup}</svg></div>\n";

    private void Add(FormattableString markup) => _markup.Append(markup.ToString(CultureInfo.InvariantCulture));
}

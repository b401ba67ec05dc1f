namespace PciBackFlow.Perf.Reports.Plots;

/// <summary>A logarithmic axis from one power of ten to another.</summary>
internal sealed class LogScale
{
    private readonly double _from;
    private readonly double _to;
    private readonly int _first;
    private readonly int _last;

    /// <param name="least">The smallest value to show, above 0.</param>
    /// <param name="most">The largest.</param>
    /// <param name="from">Where on the picture the axis begins.</param>
    /// <param name="to">Where it ends.</param>
    internal LogScale(double least, double most, double from, double to)
    {
        _from = from;
        _to = to;
        _first = (int)Math.Floor(Math.Log10(Math.Max(1, least)));
        _last = Math.Max(_first + 1, (int)Math.Ceiling(Math.Log10(Math.Max(1, most))));
    }

    /// <summary>The powers of ten on it.</summary>
    internal IEnumerable<double> Decades => Enumerable.Range(_first, _last - _first + 1).Select(static power => Math.Pow(10, power));

    /// <summary>Where a value lies.</summary>
    internal double this[double value] =>
        _from + ((_to - _from) * (Math.Log10(Math.Max(value, Math.Pow(10, _first))) - _first) / (_last - _first));
}

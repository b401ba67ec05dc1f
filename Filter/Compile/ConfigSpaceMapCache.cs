using PciBackFlow.Filter.Map;

namespace PciBackFlow.Filter.Compile;

/// <summary>Shares equal maps. Any thread; only assignment uses it. Maps nobody uses any more are collected.</summary>
public sealed class ConfigSpaceMapCache
{
    private readonly Dictionary<int, List<WeakReference<ConfigSpaceMap>>> _maps = [];

    /// <summary>The map equal to this one that came first, or this one.</summary>
    /// <param name="map">A map.</param>
    /// <returns>The shared one.</returns>
    public ConfigSpaceMap Share(ConfigSpaceMap map)
    {
        lock (_maps)
        {
            if (!_maps.TryGetValue(map.GetHashCode(), out List<WeakReference<ConfigSpaceMap>>? bucket))
            {
                _maps.Add(map.GetHashCode(), bucket = []);
            }

            foreach (WeakReference<ConfigSpaceMap> known in bucket)
            {
                if (known.TryGetTarget(out ConfigSpaceMap? same) && same.Equals(map))
                {
                    return same;
                }
            }

            bucket.RemoveAll(static known => !known.TryGetTarget(out _));
            bucket.Add(new WeakReference<ConfigSpaceMap>(map));
            return map;
        }
    }
}

using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>A xenstore that holds two directories and counts how often it is read.</summary>
internal sealed class FedStore : IXenStoreAccess
{
    private readonly Dictionary<string, string> _values = [];

    internal FedStore(string backend, string frontend, string text)
    {
        foreach (string line in text.Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                _values[line[0] == '>' ? $"{frontend}/{line[1..equals]}" : $"{backend}/{line[..equals]}"] = line[(equals + 1)..];
            }
        }
    }

    internal int Reads { get; private set; }

    public string? Read(string path)
    {
        Reads++;
        return _values.GetValueOrDefault(path);
    }

    public IReadOnlyList<string>? Directory(string path)
    {
        Reads++;
        string[] names = [.. _values.Keys.Where(key => key.StartsWith($"{path}/", StringComparison.Ordinal)).Select(key => key[(path.Length + 1)..])];
        return names.Length == 0 ? null : names;
    }

    public void Write(string path, string value) => throw new BrokenPropertyException("a reader wrote");

    public void MakeDirectory(string path) => throw new BrokenPropertyException("a reader wrote");

    public void Remove(string path) => throw new BrokenPropertyException("a reader wrote");

    public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => null;

    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => throw new BrokenPropertyException("a reader wrote");
}

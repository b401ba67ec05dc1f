using PciBackFlow.Filter.Map;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// A function as compiling sees it: every dword is read at most once and never written, so that a list that changes while it
/// is walked cannot give two answers.
/// </summary>
internal sealed class ReadOnceConfigSpace(IPciFunction function) : IConfigSpace
{
    private const byte Unread = 0;
    private const byte Known = 1;
    private const byte Failed = 2;

    private readonly uint[] _dwords = new uint[function.Size / 4];
    private readonly byte[] _state = new byte[function.Size / 4];

    public int Size => function.Size;

    public bool TryRead(int offset, int size, out uint value)
    {
        value = ByteLanes.Mask(size);
        if (!ByteLanes.IsValid(offset, size, Size) || !Fetch(offset >> 2))
        {
            return false;
        }

        value = ByteLanes.FromDword(_dwords[offset >> 2], offset, size);
        return true;
    }

    public bool TryWrite(int offset, int size, uint value) => false;

    /// <summary>A register's value; 0 where it cannot be read: a capability that is cut off then looks as if it had nothing optional.</summary>
    internal uint Read(int offset, int size) => TryRead(offset, size, out uint value) ? value : 0;

    internal bool IsKnown(int dword) => _state[dword] == Known;

    internal uint Dword(int dword) => _dwords[dword];

    internal bool Fetch(int dword)
    {
        if (_state[dword] == Unread)
        {
            bool read = (dword * 4) + 4 <= function.ReadableSize && function.TryRead(dword * 4, 4, out _dwords[dword]);
            _state[dword] = read ? Known : Failed;
        }

        return _state[dword] == Known;
    }
}

using System.Runtime.InteropServices;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

/// <summary>One page of unmanaged memory, both sides' views of it.</summary>
internal sealed unsafe class TestPage : IDisposable
{
    private readonly byte* _page = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);

    internal TestPage() => Frontend.Zero();

    internal byte* Address => _page;

    internal SharedPage Backend => new(_page);

    internal FrontendPage Frontend => new(_page);

    internal Span<byte> Bytes => new(_page, SharedInfoLayout.PageSize);

    internal uint Word(int offset) => *(uint*)(_page + offset);

    internal int[] NonZeroBytes() => ChangedBytes(new byte[SharedInfoLayout.PageSize]);

    /// <summary>Offsets of the bytes that differ from an earlier copy.</summary>
    internal int[] ChangedBytes(byte[] before)
    {
        var changed = new List<int>();
        for (int i = 0; i < before.Length; i++)
        {
            if (_page[i] != before[i])
            {
                changed.Add(i);
            }
        }

        return [.. changed];
    }

    public void Dispose() => NativeMemory.AlignedFree(_page);
}

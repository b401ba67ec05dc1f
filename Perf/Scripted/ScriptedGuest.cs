using System.Runtime.InteropServices;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Scripted;

/// <summary>
/// A guest without a thread: told of an answer, it judges it and posts its next request at once, on the thread that told it. Its page, its script and its
/// counts are the shard's.
/// </summary>
internal sealed unsafe class ScriptedGuest : IGuestNotifier, IDisposable
{
    private readonly ScriptedRequest[] _script;
    private readonly Action _ended;
    private readonly byte* _memory;
    private PaddedCount _operations;
    private long _left;
    private int _step;

    /// <param name="script">What it asks, again and again.</param>
    /// <param name="ended">Called when it has done what <see cref="Begin"/> asked for; must not allocate.</param>
    internal ScriptedGuest(ScriptedRequest[] script, Action ended)
    {
        _script = script;
        _ended = ended;
        _memory = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);
        Page.Zero();
    }

    /// <summary>The page as the backend sees it.</summary>
    internal SharedPage Shared => new(_memory);

    /// <summary>Answers so far. Any thread.</summary>
    internal long Operations => Volatile.Read(ref _operations.Value);

    /// <summary>Answers with another status than the script has. Any thread.</summary>
    internal long Mistakes { get; private set; }

    private FrontendPage Page => new(_memory);

    /// <summary>Posts the first of so many requests.</summary>
    internal void Begin(long operations)
    {
        _left = operations;
        Page.Post(_script[_step].Request);
    }

    /// <summary>Posts no more.</summary>
    internal void End() => _left = 0;

    /// <inheritdoc/>
    public bool Notify()
    {
        Page.ReadAnswer(out PciOpRequest answer);
        if (answer.Error != _script[_step].Status)
        {
            Mistakes++;
        }

        Volatile.Write(ref _operations.Value, _operations.Value + 1);
        _step = _step + 1 < _script.Length ? _step + 1 : 0;
        if (--_left > 0)
        {
            Page.Post(_script[_step].Request);
        }
        else
        {
            _ended();
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_memory);

    /// <summary>Alone on its cache lines: another thread looks at it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedCount
    {
        [FieldOffset(64)]
        internal long Value;
    }
}

using System.Threading.Channels;

namespace PciBackFlow.Cli.Top;

/// <summary>Shows refresh after refresh: on a terminal in its place, by the keys that are pressed; elsewhere one behind the other. One thread.</summary>
/// <param name="output">Where to.</param>
/// <param name="keys">What is pressed; null where there is no terminal, or nobody at it.</param>
/// <param name="height">How many lines the terminal has; asked for at each refresh.</param>
/// <param name="isJson">Whether a document is printed instead of a page.</param>
internal sealed class TopView(TextWriter output, ChannelReader<char>? keys, Func<int> height, bool isJson) : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l";
    private const string Leave = "\e[?25h\e[?1049l";

    private TopOrder _order = TopOrder.All[0];
    private TopReport? _last;
    private bool _isHelp;
    private bool _hasEntered;

    /// <summary>Whether somebody has had enough.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Shows a refresh.</summary>
    public void Show(TopReport report)
    {
        _last = report;
        Draw();
    }

    /// <summary>Waits until the next refresh is due, and does what keys say meanwhile.</summary>
    /// <param name="time">How long.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task WaitAsync(TimeSpan time, CancellationToken cancel)
    {
        if (keys is null)
        {
            await Task.Delay(time, cancel).ConfigureAwait(false);
            return;
        }

        using var due = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        due.CancelAfter(time);
        try
        {
            while (!IsOver && await keys.WaitToReadAsync(due.Token).ConfigureAwait(false))
            {
                while (keys.TryRead(out char key))
                {
                    if (key == ' ')
                    {
                        return;
                    }

                    Press(key);
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // It is due.
        }
    }

    public void Dispose()
    {
        if (_hasEntered)
        {
            output.Write(Leave);
            output.Flush();
        }
    }

    private void Press(char key)
    {
        switch (char.ToLowerInvariant(key))
        {
            case 'q':
                IsOver = true;
                return;
            case 'h' or '?':
                _isHelp = !_isHelp;
                break;
            case var other when TopOrder.All.FirstOrDefault(order => order.Key == other) is { } order:
                _order = order;
                break;
            default:
                return;
        }

        Draw();
    }

    private void Draw()
    {
        if (_last is not { } last)
        {
            return;
        }

        TopReport report = last with { Guests = [.. _order.Sort(last.Guests)] };
        if (isJson)
        {
            output.WriteLine(TopJson.Line(report));
        }
        else if (keys is null)
        {
            foreach (string line in TopText.Lines(report))
            {
                output.WriteLine(line.TrimEnd());
            }

            output.WriteLine();
        }
        else
        {
            DrawPage(_isHelp ? TopText.Help : TopText.Lines(report));
        }

        output.Flush();
    }

    // From the top left corner over what is there: a screen that is cleared first flickers. A line too many would push the first one out.
    private void DrawPage(IReadOnlyList<string> lines)
    {
        if (!_hasEntered)
        {
            _hasEntered = true;
            output.Write(Enter);
        }

        output.Write("\e[H");
        output.Write(string.Join("\e[K\r\n", lines.Take(Math.Max(1, height()))));
        output.Write("\e[K\e[J");
    }
}

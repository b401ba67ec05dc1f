using System.Text.Json;
using System.Threading.Channels;
using PciBackFlow.Cli.Top;

namespace PciBackFlow.Cli.Tests.Top;

public sealed class TopViewTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Without_a_terminal_pages_stand_one_behind_the_other_with_their_columns_under_each_other()
    {
        using StringWriter output = new();
        using TopView view = new(output, null, static () => 3, isJson: false);

        view.Show(Report());
        view.Show(Report());

        string[] pages = output.ToString().Split("pcibackflow 1.2.3", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, pages.Length);
        Assert.Equal(pages[0], pages[1]);
        Assert.DoesNotContain('\e', output.ToString());
        string[] lines = pages[0].Split('\n');
        string[] head = [.. lines.Where(static line => line.Contains("NAME", StringComparison.Ordinal))];
        string[] rows = [.. lines.Where(static line => line.Contains("connected", StringComparison.Ordinal))];
        Assert.Equal(["busy", "alpha", "zeta"], rows.Select(static row => row.Split(' ')[^1]));
        Assert.All(rows, row => Assert.Equal(Assert.Single(head).IndexOf("  NAME", StringComparison.Ordinal), row.LastIndexOf("  ", StringComparison.Ordinal)));
    }

    [Fact]
    public void As_JSON_each_refresh_is_a_document_on_its_line()
    {
        using StringWriter output = new();
        using TopView view = new(output, null, static () => 3, isJson: true);

        view.Show(Report());
        view.Show(Report());

        string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        JsonElement guest = JsonDocument.Parse(lines[1]).RootElement.GetProperty("guests")[0];
        Assert.Equal((7, "busy", 500), (
            guest.GetProperty("domain").GetInt32(), guest.GetProperty("name").GetString(), guest.GetProperty("requests_per_second").GetDouble()));
    }

    [Theory]
    [InlineData('n', "alpha", "busy", "zeta")]
    [InlineData('N', "alpha", "busy", "zeta")]
    [InlineData('i', "zeta", "alpha", "busy")]
    [InlineData('d', "alpha", "busy", "zeta")]
    [InlineData('r', "busy", "alpha", "zeta")]
    [InlineData('x', "busy", "alpha", "zeta")]
    public async Task A_key_sorts_at_once(char key, params string[] names)
    {
        using StringWriter output = new();
        var keys = Channel.CreateUnbounded<char>();
        using TopView view = new(output, keys.Reader, static () => 40, isJson: false);
        view.Show(Report());

        await Press(view, keys, key);

        string page = output.ToString().Split("\e[H")[^1];
        Assert.Equal(names, names.OrderBy(name => page.IndexOf(name, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Q_ends_it_h_shows_the_keys_and_the_terminal_is_left_as_it_was()
    {
        using StringWriter output = new();
        var keys = Channel.CreateUnbounded<char>();
        using (TopView view = new(output, keys.Reader, static () => 40, isJson: false))
        {
            view.Show(Report());
            await Press(view, keys, 'h');
            Assert.False(view.IsOver);
            keys.Writer.TryWrite('q');
            await view.WaitAsync(TimeSpan.FromMinutes(10), Cancel);
            Assert.True(view.IsOver);
        }

        string text = output.ToString();
        Assert.StartsWith("\e[?1049h\e[?25l", text, StringComparison.Ordinal);
        Assert.EndsWith("\e[?25h\e[?1049l", text, StringComparison.Ordinal);
        Assert.All(TopOrder.All, order => Assert.Contains($"  {order.Key}  {order.What}", text, StringComparison.Ordinal));
    }

    [Fact]
    public void No_line_is_behind_the_last_one_of_the_terminal()
    {
        using StringWriter output = new();
        using TopView view = new(output, Channel.CreateUnbounded<char>().Reader, static () => 3, isJson: false);

        view.Show(Report());

        Assert.Equal(3, output.ToString().Split("\r\n").Length);
    }

    [Fact]
    public async Task Giving_up_ends_a_wait()
    {
        using TopView view = new(TextWriter.Null, Channel.CreateUnbounded<char>().Reader, static () => 3, isJson: false);
        using CancellationTokenSource gone = new(TimeSpan.FromMilliseconds(20));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => view.WaitAsync(TimeSpan.FromMinutes(10), gone.Token));
    }

    // The space behind it ends the wait.
    private static async Task Press(TopView view, Channel<char> keys, char key)
    {
        keys.Writer.TryWrite(key);
        keys.Writer.TryWrite(' ');
        await view.WaitAsync(TimeSpan.FromMinutes(10), Cancel);
    }

    private static TopReport Report() => TopReport.Of(TopReportTests.Status(10, 1, default), TopReportTests.Status(
        12, 1, default, TopReportTests.Guest(5, 10, 1, "zeta"), TopReportTests.Guest(6, 20, 30, "alpha"), TopReportTests.Guest(7, 1000, 2, "busy")));
}

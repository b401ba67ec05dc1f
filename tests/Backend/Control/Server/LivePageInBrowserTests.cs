using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Tests.Control.Metrics;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>What a browser makes of the live page.</summary>
public sealed class LivePageInBrowserTests
{
    private const string Hostile = "<img src=x onerror=\"document.title='taken'\">";

    private const string Asks = "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('/v1/status'))";
    private const string Asked = Asks + ".length";

    [Fact]
    public async Task What_guests_and_others_chose_is_shown_as_text()
    {
        using ControlBench bench = new(change: services => services with
        {
            Guests = static () => [Samples.Snapshot(7)],
            NameOf = static _ => Hostile,
            Errors = static () => new([$"remark {Hostile}"], [new("0000:00:04.0", 3, 1, 0, 0, 0, 0, 0, 0, 0, Quarantined: true, $"error {Hostile}")]),
            Configuration = static () => [new("policy", $"value {Hostile}", "</script><script>document.title='taken'</script>")],
        });
        using LivePageServer server = await LivePageServerTests.Start(bench, out int port);
        using var browser = Chromium.Open($"http://localhost:{port}/");

        browser.UntilSays("The daemon answers.");

        Assert.Equal(Hostile, browser.Evaluate("document.querySelector('#guests tbody th').textContent"));
        string text = browser.Text();
        Assert.Contains($"remark {Hostile}", text, StringComparison.Ordinal);
        Assert.Contains($"error {Hostile}", text, StringComparison.Ordinal);
        Assert.Contains($"value {Hostile}", text, StringComparison.Ordinal);
        Assert.Contains("0000:00:04.0 (in quarantine)", text, StringComparison.Ordinal);
        Assert.Equal("pcibackflow", browser.Evaluate("document.title"));
        Assert.Equal("0 1", browser.Evaluate("`${document.images.length} ${document.scripts.length}`"));
        Assert.Empty(browser.Messages);
    }

    [Fact]
    public async Task Without_guests_it_says_so()
    {
        using ControlBench bench = new(change: static services => services with { Errors = static () => new([], []) });
        using LivePageServer server = await LivePageServerTests.Start(bench, out int port);
        using var browser = Chromium.Open($"http://127.0.0.1:{port}/");

        browser.UntilSays("No guest has a device.");

        browser.UntilSays("No write was denied.");
        browser.UntilSays("No device has reported an error.");
    }

    [Fact]
    public async Task Of_a_thousand_guests_it_shows_the_busiest_and_finds_the_others()
    {
        GuestSnapshot[] guests = [.. Enumerable.Range(1, 1000).Select(static domain => Samples.Snapshot(domain))];
        using ControlBench bench = new(change: services => services with { Guests = () => guests, NameOf = static domain => $"guest-{domain}" });
        using LivePageServer server = await LivePageServerTests.Start(bench, out int port);
        using var browser = Chromium.Open($"http://127.0.0.1:{port}/");

        browser.UntilSays("25 of 1,000 guests");
        Assert.Equal("25", browser.Evaluate("document.querySelectorAll('#guests tbody tr').length"));
        browser.Evaluate("document.querySelector('#guests > button').click()");
        Assert.Equal("50", browser.Evaluate("document.querySelectorAll('#guests tbody tr').length"));
        browser.Evaluate("{ const box = document.getElementById('filter'); box.value = 'guest-734'; box.dispatchEvent(new Event('input')); }");

        Assert.Equal("guest-734", browser.Evaluate("[...document.querySelectorAll('#guests tbody th')].map(cell => cell.textContent).join()"));
    }

    [Fact]
    public async Task While_the_daemon_is_away_it_says_since_when_and_goes_on_by_itself()
    {
        using ControlBench bench = new();
        LivePageServer before = await LivePageServerTests.Start(bench, out int port);
        using var browser = Chromium.Open($"http://127.0.0.1:{port}/");
        browser.UntilSays("The daemon answers.");

        await before.StopAsync(TimeSpan.FromSeconds(5));
        before.Dispose();
        browser.UntilSays("The daemon does not answer since ");
        Assert.Equal("polite status", browser.Evaluate("`${document.getElementById('state').ariaLive ?? 'polite'} ${document.getElementById('state').role}`"));
        using LivePageServer after = await LivePageServerTests.Start(bench, port);

        browser.UntilSays("The daemon answers.");
        Assert.DoesNotContain("does not answer", browser.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nobody_sees_it_it_does_not_ask_until_somebody_does()
    {
        using ControlBench bench = new();
        using LivePageServer server = await LivePageServerTests.Start(bench, out int port);
        const string Hidden = "var isAway = true; Object.defineProperty(document, 'hidden', { get: () => isAway });";
        using var browser = Chromium.Open($"http://127.0.0.1:{port}/", first: Hidden);
        browser.UntilSays("The daemon is being asked.");
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.Equal("0", browser.Evaluate(Asked));

        // Twice, as when somebody goes through the tabs: it does not ask twice as often from then on.
        browser.Evaluate("isAway = false; for (let i = 0; i < 2; i++) document.dispatchEvent(new Event('visibilitychange'))");
        browser.UntilSays("The daemon answers.");
        browser.Until($"{Asked} >= 3");
        browser.Evaluate("isAway = true");
        Assert.Equal("true", browser.Evaluate($"{Asks}.every((entry, i, all) => i === 0 || entry.startTime - all[i - 1].startTime > 500)").ToLowerInvariant());
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        string asked = browser.Evaluate(Asked);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);

        Assert.Equal(asked, browser.Evaluate(Asked));
    }

    [Fact]
    public async Task Of_another_versions_status_it_shows_what_it_knows()
    {
        using ControlBench bench = new();
        using LivePageServer server = await LivePageServerTests.Start(bench, out int port);
        const string Other = "window.fetch = async () => new Response('{\"guests\":[{\"domain\":7,\"new\":1}],\"assignable\":3,\"later\":{}}');";
        using var browser = Chromium.Open($"http://127.0.0.1:{port}/", first: Other);

        browser.UntilSays("The daemon answers.");

        Assert.Equal("7", browser.Evaluate("document.querySelector('#guests tbody td').textContent"));
        browser.UntilSays("No device is held for guests.");
        Assert.Empty(browser.Messages);
    }

    /// <summary>A phone shows everything without being scrolled to the side, but for tables, which scroll by themselves; paper has the light colours.</summary>
    [Fact]
    public async Task It_fits_a_phone_and_paper_in_light_and_in_dark()
    {
        using ControlBench bench = new(change: services => services with { Guests = static () => [Samples.Snapshot(7)] });
        using LivePageServer server = await LivePageServerTests.Start(bench, out int port);
        using var browser = Chromium.Open($"http://127.0.0.1:{port}/", width: 360, height: 700);
        browser.UntilSays("The daemon answers.");

        Assert.Equal("360", browser.Evaluate("document.documentElement.scrollWidth"));
        browser.Emulate("screen", isDark: true);
        Assert.Equal("rgb(18, 22, 29)", browser.Evaluate("getComputedStyle(document.body).backgroundColor"));
        browser.Emulate("print", isDark: true);
        Assert.Equal("rgb(255, 255, 255)", browser.Evaluate("getComputedStyle(document.body).backgroundColor"));
        Assert.Equal("none", browser.Evaluate("getComputedStyle(document.querySelector('.tools')).display"));
        Assert.InRange(browser.Picture().Length, 1_000, 10_000_000);
    }
}

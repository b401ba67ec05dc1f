using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PciBackFlow.Tests.Shared;

/// <summary>
/// One page in a headless Chromium, told by its DevTools protocol what to do. Not by <c>--dump-dom</c>, whose virtual time runs ahead of the daemon's: what a
/// page does over seconds, or when the daemon is away, shows in real time alone.
/// </summary>
internal sealed class Chromium : IDisposable
{
    private static readonly string[] s_programs = ["chromium-headless-shell", "chromium", "google-chrome"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _profile = new();
    private readonly ClientWebSocket _socket = new();
    private readonly Process _process;
    private readonly List<string> _messages = [];
    private string? _session;
    private int _id;

    private Chromium(string program)
    {
        // The sandbox wants a user other than root; the pages are our own.
        ProcessStartInfo start = new(program,
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--remote-debugging-port=0",
            $"--user-data-dir={_profile["profile"]}", "about:blank",
        ]) { RedirectStandardError = true, RedirectStandardOutput = true };
        _process = Process.Start(start)!;
    }

    /// <summary>What the page wrote to its console, and what it may not do by its security policy.</summary>
    public IReadOnlyList<string> Messages => _messages;

    /// <summary>Opens a page; skips the test where there is no browser.</summary>
    /// <param name="url">Its address.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="first">A script that runs before the page's own.</param>
    public static Chromium Open(string url, int width = 1280, int height = 900, string first = "")
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        string? program = s_programs.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, $"needs a browser: {string.Join(", ", s_programs)} (Debian's package chromium-headless-shell)");
        Chromium browser = new(program);
        try
        {
            browser.Attach();
            browser.Call("Log.enable");
            browser.Call("Runtime.enable");
            browser.Call("Page.enable");
            browser.Resize(width, height);
            browser.Call("Page.addScriptToEvaluateOnNewDocument", new() { ["source"] = first });
            browser.Call("Page.navigate", new() { ["url"] = url });
            return browser;
        }
        catch
        {
            browser.Dispose();
            throw;
        }
    }

    /// <summary>The value of an expression, as text.</summary>
    public string Evaluate(string expression)
    {
        JsonNode answer = Call("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        return answer["exceptionDetails"] is { } failure
            ? throw new InvalidOperationException(failure.ToJsonString())
            : answer["result"]?["value"]?.ToString() ?? "";
    }

    /// <summary>What the page says, as a person reads it.</summary>
    public string Text() => Evaluate("document.body.innerText");

    /// <summary>Waits until an expression is true.</summary>
    public void Until(string expression)
    {
        var clock = Stopwatch.StartNew();
        while (Evaluate($"Boolean({expression})") is not ("true" or "True"))
        {
            Assert.True(clock.Elapsed < s_patience, $"not within {s_patience}: {expression}\n{string.Join('\n', _messages)}\n{Text()}");
            Thread.Sleep(50);
        }
    }

    /// <summary>Waits until the page says something.</summary>
    public void UntilSays(string words) => Until($"document.body?.innerText.includes({JsonSerializer.Serialize(words)})");

    public void Resize(int width, int height) => Call("Emulation.setDeviceMetricsOverride", new()
    {
        ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false,
    });

    /// <summary>As on paper, or on a screen that is dark or light.</summary>
    public void Emulate(string media, bool isDark) => Call("Emulation.setEmulatedMedia", new()
    {
        ["media"] = media,
        ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" }),
    });

    /// <summary>A picture of the whole page, as PNG.</summary>
    public byte[] Picture() => Convert.FromBase64String(
        (string)Call("Page.captureScreenshot", new() { ["format"] = "png", ["captureBeyondViewport"] = true })["data"]!);

    public void Dispose()
    {
        _socket.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.WaitForExit();
        _process.Dispose();
        _profile.Dispose();
    }

    private void Attach()
    {
        const string Marker = "DevTools listening on ";
        TaskCompletionSource<string> listening = new();
        StringBuilder said = new();
        _process.ErrorDataReceived += (_, line) =>
        {
            said.AppendLine(line.Data);
            if (line.Data is null || line.Data.StartsWith(Marker, StringComparison.Ordinal))
            {
                listening.TrySetResult(line.Data ?? "");
            }
        };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        string line = listening.Task.WaitAsync(s_patience).GetAwaiter().GetResult();
        Assert.True(line.Length > 0, $"the browser ended: {said}");
        _socket.ConnectAsync(new Uri(line[Marker.Length..]), default).GetAwaiter().GetResult();
        string target = (string)Call("Target.createTarget", new() { ["url"] = "about:blank" })["targetId"]!;
        _session = (string)Call("Target.attachToTarget", new() { ["targetId"] = target, ["flatten"] = true })["sessionId"]!;
    }

    private JsonNode Call(string method, JsonObject? parameters = null)
    {
        int id = ++_id;
        JsonObject request = new() { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (_session is not null)
        {
            request["sessionId"] = _session;
        }

        using CancellationTokenSource clock = new(s_patience);
        _socket.SendAsync(Encoding.UTF8.GetBytes(request.ToJsonString()), WebSocketMessageType.Text, true, clock.Token).GetAwaiter().GetResult();
        while (true)
        {
            JsonNode message = Receive(clock.Token);
            if (message["id"] is { } answered && (int)answered == id)
            {
                return message["error"] is { } refused ? throw new InvalidOperationException($"{method}: {refused.ToJsonString()}") : message["result"]!;
            }

            if ((string?)message["method"] is "Log.entryAdded" or "Runtime.exceptionThrown" or "Runtime.consoleAPICalled")
            {
                _messages.Add(message["params"]!.ToJsonString());
            }
        }
    }

    private JsonNode Receive(CancellationToken cancel)
    {
        using MemoryStream all = new();
        byte[] part = new byte[64 << 10];
        ValueWebSocketReceiveResult got;
        do
        {
            got = _socket.ReceiveAsync(part.AsMemory(), cancel).AsTask().GetAwaiter().GetResult();
            all.Write(part, 0, got.Count);
        }
        while (!got.EndOfMessage);

        return JsonNode.Parse(all.ToArray())!;
    }
}

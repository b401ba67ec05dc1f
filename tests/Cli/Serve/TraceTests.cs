using System.Net.Sockets;
using System.Text.Json;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>
/// What people do with a trace, from the guest's request to the rule, over the machine in memory: its guests do what drivers do at their start.
/// </summary>
public sealed class TraceTests
{
    // A PCI Express function, whose guest's driver turns error reporting on, in vain.
    private const string Device = "0000:00:04.0";

    [Fact]
    public void A_denied_write_is_seen_becomes_a_rule_is_put_in_force_by_a_reload_and_is_seen_to_pass()
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write("nic.json", "[]");
        string config = folder.Write("config.json", """{ "devices": { "00:04.0": { "policy": "nic.json" } } }""");
        using var daemon = new RunningDaemon("--config", config);
        string denied = folder["denied.trace"];

        // Seen.
        Save(daemon, denied, "--denied", () => daemon.Ask("pci-attach demo1 00:04.0").Succeeded());
        string line = CliRun.Of("trace", "--from", denied).Succeeded().Output.Split('\n')[0];
        Assert.Contains($" d1 {Device} write ", line, StringComparison.Ordinal);
        Assert.Contains("(PCIe Device Control) -> success; denied 0x000f, allowed by {\"register\":\"PCIe Device Control\"", line, StringComparison.Ordinal);

        // A rule.
        File.WriteAllText(policy, CliRun.Of("learn", "--trace", denied).Succeeded().Output);
        JsonElement rule = Assert.Single(JsonDocument.Parse(File.ReadAllText(policy)).RootElement.GetProperty("rules").EnumerateArray());
        Assert.Equal(("PCIe Device Control", "0x000f"), (rule.GetProperty("register").GetString(), rule.GetProperty("mask").GetString()));

        // In force, and the guest does not notice.
        JsonElement before = Guest(daemon);
        Assert.Equal($"under another policy now: {Device}\n", daemon.Ask("reload").Succeeded().Output);
        JsonElement after = Guest(daemon);
        Assert.Equal(("connected", "connected"), (after.GetProperty("backend").GetString(), after.GetProperty("frontend").GetString()));
        Assert.Equal(before.GetProperty("port").GetInt32(), after.GetProperty("port").GetInt32());
        Assert.Equal(
            before.GetProperty("counters").GetProperty("requests").GetInt64(), after.GetProperty("counters").GetProperty("requests").GetInt64());
        Assert.Contains(after.GetProperty("functions")[0].GetProperty("policy").EnumerateArray(), setting => setting.GetProperty("key").GetString() == "rules");

        // The same guest does the same once more, and it passes.
        string writes = folder["writes.trace"];
        Save(daemon, writes, "--operation write --device 00:04.0", () => daemon.Ask("pci-attach demo1 00:08.0").Succeeded());
        JsonElement write = JsonDocument.Parse(CliRun.Of("trace", "--from", writes, "--json").Succeeded().Output.Split('\n')[0]).RootElement;
        Assert.Equal((false, 0u, "success"), (
            write.GetProperty("denied").GetBoolean(), write.GetProperty("denied_bits").GetUInt32(), write.GetProperty("status").GetString()));
        Assert.Contains(
            write.GetProperty("hardware").EnumerateArray(),
            access => access.GetProperty("access").GetString() == "write" && (access.GetProperty("value").GetUInt32() & 0xF) == 0xF);
    }

    [Fact]
    public void Status_names_the_registers_that_were_denied_with_the_rule_that_would_allow_them_and_learn_takes_it_from_there()
    {
        using var daemon = new RunningDaemon();
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        Assert.True(SpinWait.SpinUntil(() => Guest(daemon).GetProperty("functions")[0].GetProperty("denied_writes").GetArrayLength() > 0, 10_000));

        JsonElement denied = Guest(daemon).GetProperty("functions")[0].GetProperty("denied_writes")[0];
        string text = daemon.Ask("status").Succeeded().Output;
        CliRun learned = daemon.Ask($"learn --daemon {Device}").Succeeded();

        Assert.Equal(("PCIe Device Control", "0x000f", 1L), (
            denied.GetProperty("register").GetString(), denied.GetProperty("bits").GetString(), denied.GetProperty("count").GetInt64()));
        Assert.Equal("0x000f", denied.GetProperty("rule").GetProperty("mask").GetString());
        Assert.Contains("{\"register\":\"PCIe Device Control\",\"offset\":0,\"mask\":\"0x000f\",\"allow\":true}", text, StringComparison.Ordinal);
        Assert.Equal(
            "PCIe Device Control", JsonDocument.Parse(learned.Output).RootElement.GetProperty("rules")[0].GetProperty("register").GetString());
        Assert.Contains("no guest has it", daemon.Ask("learn --daemon 00:09.0").Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_saved_start_up_is_answered_by_the_same_function_as_it_was_and_not_by_another_or_under_another_policy()
    {
        using var folder = new TemporaryFolder();
        string file = folder["start.trace"];
        using (var daemon = new RunningDaemon())
        {
            Save(daemon, file, "--device 00:04.0", () => daemon.Ask("pci-attach demo1 00:04.0").Succeeded());
        }

        CliRun same = CliRun.Of("replay", file).Succeeded();
        Assert.Matches(@"^\d+ requests for 0000:00:04.0 are answered by 0000:00:04.0 as they were\n$", same.Output);

        var other = CliRun.Of("replay", file, "--builtin", "nvme");
        Assert.Equal(ExitCode.Failed, other.ExitCode);
        Assert.Matches(@"^request 1: 00\.l \(Vendor ID, Device ID\)\n  recorded success [0-9a-f]{8}\n  now      success [0-9a-f]{8}\n$", other.Output);
        Assert.Contains("answers are not as they were", other.Errors, StringComparison.Ordinal);

        JsonElement load = CliRun.Of("load", "--replay", file, "--builtin", "e1000e", "--guests", "4", "--duration", "0.3", "--warmup", "0.1", "--json").Json();
        Assert.Equal(("replay", 0), (load.GetProperty("mix").GetString(), load.GetProperty("errors").GetInt64()));
        Assert.True(load.GetProperty("operations").GetInt64() > 0);

        var wrong = CliRun.Of("load", "--replay", file, "--builtin", "nvme", "--guests", "1", "--duration", "0.1", "--json");
        Assert.Equal(ExitCode.Failed, wrong.ExitCode);
        Assert.Contains("does not answer as the recording does", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_with_the_daemons_own_lines_or_the_kernels_is_learned_from()
    {
        using var folder = new TemporaryFolder();
        string own = folder.Write(
            "daemon.log",
            "pcibackflow: serving\npcibackflow: warning: domain 1: write 0x281f to 00:04.0 PCIe Device Control denied by default policy (seen 1 times)\n");
        string kernel = folder.Write(
            "kernel.log",
            "[  7.1] xen-pciback: 0000:03:00.0: read 2 bytes at 0xe8\n[  7.2] xen-pciback: 0000:03:00.0: write request 2 bytes at 0xe8 = 281f\n");
        string warning = folder.Write(
            "warning.log",
            "pciback 0000:03:00.0: Driver tried to write to a read-only configuration space field at offset 0xe8, size 2. This may be harmless\n");

        string[] registers =
        [
            .. new[] { own, kernel, warning }.Select(file => JsonDocument.Parse(CliRun.Of("learn", "--builtin", "e1000e", "--from", file).Succeeded().Output)
                .RootElement.GetProperty("rules")[0].GetProperty("register").GetString()!),
        ];

        Assert.Equal(Enumerable.Repeat("PCIe Device Control", 3), registers);
        Assert.Contains("the log is about 0000:03:00.0", CliRun.Of("learn", "--builtin", "e1000e", "--from", kernel).Errors, StringComparison.Ordinal);
    }

    /// <summary>A client that has hung up or does not read costs nothing: guests are served, and nothing is traced any more once it is gone.</summary>
    [Fact]
    public void Clients_that_do_not_read_or_hang_up_hold_nobody_up()
    {
        using var daemon = new RunningDaemon();
        using (Socket stuck = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            stuck.Connect(new UnixDomainSocketEndPoint(ControlSocket.PathIn(daemon.Directory)));
            stuck.Send("GET /v1/trace HTTP/1.1\r\nHost: x\r\n\r\n"u8);
            daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
            daemon.Ask("pci-detach demo1 00:04.0").Succeeded();
        }

        // As many readers as may be, again and again: each gives its place back.
        for (int i = 0; i < 20; i++)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            var run = CliRun.Of(stop.Token, "trace", "--run", daemon.Directory);
            Assert.True(run.ExitCode == ExitCode.Done || run.Errors.Contains("already", StringComparison.Ordinal), run.Errors);
        }

        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        Assert.Equal(ExitCode.Done, daemon.Stop().ExitCode);
    }

    [Fact]
    public async Task The_end_of_the_daemon_ends_a_trace()
    {
        using var folder = new TemporaryFolder();
        var daemon = new RunningDaemon();
        string file = folder["some.trace"];
        Task<CliRun> trace = Task.Run(() => CliRun.Of("trace", "--save", file, "--run", daemon.Directory));
        AwaitBegin(file, trace);

        daemon.Dispose();

        CliRun run = await trace.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Contains("0 requests saved", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trace --from")]
    [InlineData("replay")]
    [InlineData("learn --trace")]
    [InlineData("load --replay")]
    public void A_file_that_is_cut_or_no_trace_ends_with_1_and_the_reason(string verb)
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text", "this is no trace, though it is long enough for a header");
        string cut = folder["cut"];
        File.WriteAllBytes(cut, [.. Backend.Tracing.TraceFormat.Header(0), .. new byte[77]]);
        byte[] other = Backend.Tracing.TraceFormat.Header(0);
        other[8] = 9;
        File.WriteAllBytes(folder["other"], other);

        foreach ((string file, string reason) in new[]
        {
            (text, "no trace of pcibackflow"), (cut, "cut off in record 1"), (folder["other"], "version 9"), (folder["nothing"], "cannot read"),
        })
        {
            var run = CliRun.Of([.. verb.Split(' '), file]);
            Assert.Equal((ExitCode.Failed, ""), (run.ExitCode, run.Output));
            Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_configuration_that_is_wrong_changes_nothing_and_one_that_needs_a_restart_is_told()
    {
        using var folder = new TemporaryFolder();
        string config = folder.Write("config.json", """{ "policy": "strict" }""");
        using var daemon = new RunningDaemon("--config", config);
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();

        File.WriteAllText(config, """{ "policy": "strickt" }""");
        CliRun wrong = daemon.Ask("reload");
        File.WriteAllText(config, """{ "policy": "permissive", "spin": 77 }""");
        CliRun right = daemon.Ask("reload").Succeeded();
        CliRun again = daemon.Ask("reload").Succeeded();

        Assert.Equal((ExitCode.WrongWords, ""), (wrong.ExitCode, wrong.Output));
        Assert.Contains("strickt", wrong.Errors + "strickt", StringComparison.Ordinal);
        Assert.Contains("what held goes on to hold", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal($"under another policy now: {Device}\n", right.Output);
        Assert.Contains("spin", right.Errors, StringComparison.Ordinal);
        Assert.Equal("no function's policy has changed\n", again.Output);
        JsonElement status = daemon.Ask("status --json").Json();
        JsonElement[] settings = [.. status.GetProperty("configuration").EnumerateArray()];
        Assert.Equal("permissive", settings.Single(setting => setting.GetProperty("key").GetString() == "policy").GetProperty("value").GetString());
        Assert.Equal("20", settings.Single(setting => setting.GetProperty("key").GetString() == "spin").GetProperty("value").GetString());
    }

    [Fact]
    public void SIGHUP_reloads_as_the_verb_does()
    {
        Assert.SkipWhen(IsHangUpIgnored(), "SIGHUP is ignored here, as nohup has it");
        using var folder = new TemporaryFolder();
        string config = folder.Write("config.json", """{ "policy": "strict" }""");
        using var daemon = new RunningDaemon("--config", config);
        daemon.Ask("pci-attach demo1 00:04.0").Succeeded();
        File.WriteAllText(config, """{ "policy": "permissive" }""");

        using (var kill = System.Diagnostics.Process.Start("kill", ["-HUP", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            kill.WaitForExit();
        }

        Assert.True(SpinWait.SpinUntil(
            () => Guest(daemon).GetProperty("functions")[0].GetProperty("policy")[0].GetProperty("value").GetString() == "permissive", 20_000));
    }

    // proc_pid_status(5): a mask, the first signal the lowest bit.
    private static bool IsHangUpIgnored() => File.ReadLines("/proc/self/status")
        .Any(static line => line.StartsWith("SigIgn:", StringComparison.Ordinal) && (Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16) & 1) != 0);

    private static JsonElement Guest(RunningDaemon daemon)
    {
        JsonElement guest = default;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                guest = daemon.Ask("status --json").Json().GetProperty("guests")[0];
                return guest.GetProperty("frontend").GetString() == "connected" && guest.GetProperty("functions").GetArrayLength() > 0;
            },
            20_000));
        return guest;
    }

    // Traces while something is done, until something of it was seen and nothing more comes.
    private static void Save(RunningDaemon daemon, string file, string options, Action what)
    {
        using var stop = new CancellationTokenSource();
        Task<CliRun> trace = Task.Run(() => CliRun.Of(stop.Token, [.. $"trace --save {file} --run {daemon.Directory} {options}".Split(' ')]));
        AwaitBegin(file, trace);
        what();
        long length = 0;
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                long before = length;
                Thread.Sleep(300);
                length = new FileInfo(file).Length;
                return length > Backend.Tracing.TraceFormat.HeaderBytes && length == before;
            },
            20_000));
        stop.Cancel();
        Assert.True(trace.Wait(TimeSpan.FromSeconds(20)));
        trace.Result.Succeeded();
    }

    // The header comes when the daemon has begun to trace.
    private static void AwaitBegin(string file, Task<CliRun> trace) => Assert.True(
        SpinWait.SpinUntil(() => trace.IsCompleted || (File.Exists(file) && new FileInfo(file).Length >= Backend.Tracing.TraceFormat.HeaderBytes), 20_000)
        && !trace.IsCompleted,
        trace.IsCompleted ? trace.Result.Errors : "no header");
}

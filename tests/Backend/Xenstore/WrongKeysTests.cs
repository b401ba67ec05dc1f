namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>X2, X7, X8, X10, XSA-326: keys that are missing, garbage, huge, or point elsewhere.</summary>
public sealed class WrongKeysTests
{
    /// <summary>X7 and X8, and XSA-361: every key a guest owns.</summary>
    [Theory]
    [InlineData("magic", null)]
    [InlineData("magic", "6")]
    [InlineData("magic", "7 ")]
    [InlineData("magic", "07")]
    [InlineData("pci-op-ref", null)]
    [InlineData("pci-op-ref", "abc")]
    [InlineData("pci-op-ref", "0")]
    [InlineData("pci-op-ref", "4294967295")]
    [InlineData("pci-op-ref", "4294967296")]
    [InlineData("pci-op-ref", "-1")]
    [InlineData("event-channel", null)]
    [InlineData("event-channel", "0")]
    [InlineData("event-channel", "77")]
    [InlineData("event-channel", "4294967295")]
    [InlineData("event-channel", "99999999999999999999999999")]
    [InlineData("event-channel", "\u0001\u0002")]
    public void A_wrong_key_closes_this_guest_with_an_error_and_no_other(string key, string? value)
    {
        using Bench bench = new();
        using SmallFrontend good = bench.Connect(8, Bench.HostB);
        using SmallFrontend bad = bench.Offer(7, Bench.HostA);
        bad.Write(key, value);
        bad.Write("state", "3");
        bench.AwaitState(7, 5);
        string error = bench.Error(7) ?? "";
        Assert.Contains(key, error, StringComparison.Ordinal);
        Assert.InRange(error.Length, 1, 256);
        Assert.Equal(1, bench.Platform.Count);
        Assert.Equal(Bench.IdOf(Bench.HostB), good.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    /// <summary>X8 and XSA-326: the texts that a guest causes are bounded, however long its own are.</summary>
    [Theory]
    [InlineData("magic", '7')]
    [InlineData("pci-op-ref", '8')]
    [InlineData("event-channel", '1')]
    [InlineData("state", '3')]
    public void A_key_of_four_thousand_bytes_makes_short_texts_and_the_backend_goes_on(string key, char digit)
    {
        using Bench bench = new();
        using SmallFrontend good = bench.Connect(8, Bench.HostB);
        using SmallFrontend bad = bench.Offer(7, Bench.HostA);

        // By domain 0: a guest's own nodes end at 2,048 bytes with xenstored's default quota, which an administrator can raise up to a message's size.
        bench.Store.Write($"{Bench.FrontendPath(7)}/{key}", new string(digit, 4000));
        if (key == "state")
        {
            Bench.Eventually(() => bench.Lines.Warnings.Any(line => line.Contains("state is not a state", StringComparison.Ordinal)), "warning");
            Assert.Equal((3, null), (bench.State(7), bench.Error(7)));
        }
        else
        {
            bad.Write("state", "3");
            bench.AwaitState(7, 5);
            string error = bench.Error(7) ?? "";
            Assert.Contains(key, error, StringComparison.Ordinal);
            Assert.InRange(error.Length, 1, 256);
        }

        Assert.All(bench.Lines.Texts, static line => Assert.InRange(line.Length, 1, 300));
        Assert.Equal(Bench.IdOf(Bench.HostB), good.Read(devfn: 0, offset: 0, size: 4).Value);

        // The guest thinks better of it.
        if (key != "state")
        {
            bad.Write("state", "6");
            bench.AwaitState(7, 6);
            bad.Write("state", "1");
            bench.AwaitState(7, 3);
        }

        bad.Publish();
        bench.AwaitState(7, 4);
        Assert.Equal(Bench.IdOf(Bench.HostA), bad.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    [Fact]
    public void A_read_only_grant_is_refused()
    {
        using Bench bench = new();
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        using SmallFrontend frontend = new(bench, 7);
        frontend.Write("pci-op-ref", $"{frontend.ReadOnlyReference()}");
        frontend.Write("event-channel", "1");
        frontend.Write("magic", "7");
        frontend.Write("state", "3");
        bench.AwaitState(7, 5);
        Assert.StartsWith("1 pci-op-ref", bench.Error(7), StringComparison.Ordinal);
    }

    /// <summary>X2.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("257")]
    [InlineData("4294967296")]
    [InlineData("many")]
    public void An_unusable_num_devs_closes(string? value)
    {
        using Bench bench = new();
        bench.Host.CreateDomain(7);
        bench.Commit(store =>
        {
            store.MakeDirectory(Bench.FrontendPath(7));
            store.Write($"{Bench.FrontendPath(7)}/state", "1");
            store.Write($"{Bench.BackendPath(7)}/frontend", Bench.FrontendPath(7));
            store.Write($"{Bench.BackendPath(7)}/frontend-id", "7");
            store.Write($"{Bench.BackendPath(7)}/online", "1");
            if (value is not null)
            {
                store.Write($"{Bench.BackendPath(7)}/num_devs", value);
            }

            store.Write($"{Bench.BackendPath(7)}/state", "1");
        });
        bench.AwaitState(7, 5);
        Assert.StartsWith("22 num_devs", bench.Error(7), StringComparison.Ordinal);
    }

    /// <summary>X10.</summary>
    [Theory]
    [InlineData("/local/domain/8/device/pci/0")]
    [InlineData("device/pci/0")]
    [InlineData("")]
    [InlineData("/local/domain/7/../8/device/pci/0")]
    [InlineData("/local/domain/7/")]
    [InlineData("/local/domain/7//device")]
    [InlineData("/local/domain/70/device/pci/0")]
    public void A_frontend_path_outside_the_guest_is_refused(string path)
    {
        using Bench bench = new();
        bench.Host.CreateDomain(7);
        bench.Host.CreateDomain(8);
        bench.Commit(store =>
        {
            store.Write($"{Bench.FrontendPath(8)}/state", "1");
            store.Write($"{Bench.BackendPath(7)}/frontend", path);
            store.Write($"{Bench.BackendPath(7)}/frontend-id", "7");
            store.Write($"{Bench.BackendPath(7)}/num_devs", "0");
            store.Write($"{Bench.BackendPath(7)}/state", "1");
        });
        bench.AwaitState(7, 5);
        Assert.StartsWith("2 frontend", bench.Error(7), StringComparison.Ordinal);
    }
}

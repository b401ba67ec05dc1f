using PciBackFlow.Backend.Errors;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>Whole recoveries through a guest's page: what its frontend is asked, in order, and how it ends.</summary>
public sealed class RecoveryOnLoopbackTests
{
    private static readonly PciAddress[] OneFunction = [ErrorBench.Card];
    private static readonly PciAddress[] TwoFunctions = [ErrorBench.Card, ErrorBench.CardToo];

    // Severity; the answers to 6, 8, 9 (7 is always answered "none", as frontends do); what is asked; how it ends. Origin: the steps of Linux's
    // Documentation/PCI/pci-error-recovery.rst; verdict "none": xen-pciback, drivers/xen/xen-pciback/pci_stub.c.
    public static TheoryData<string, ErrorSeverity, int[], string[], bool> Conversations => new()
    {
        { "steps 1, 2, 5", ErrorSeverity.NonFatal, [2, 5, 0], ["6 normal", "8 normal", "7 normal"], true },
        { "steps 1, 4, 5", ErrorSeverity.NonFatal, [3, 0, 5], ["6 normal", "9 normal", "7 normal"], true },
        { "steps 1, 2, 4, 5", ErrorSeverity.NonFatal, [2, 3, 5], ["6 normal", "8 normal", "9 normal", "7 normal"], true },
        { "steps 1, 5", ErrorSeverity.NonFatal, [5, 0, 0], ["6 normal", "7 normal"], true },
        { "steps 1, 6: given up at once", ErrorSeverity.NonFatal, [4, 0, 0], ["6 normal", "6 dead"], false },
        { "steps 1, 2, 6: given up", ErrorSeverity.NonFatal, [2, 4, 0], ["6 normal", "8 normal", "6 dead"], false },
        { "steps 1, 2, 6: can recover is no answer to step 2", ErrorSeverity.NonFatal, [2, 2, 0], ["6 normal", "8 normal", "6 dead"], false },
        { "steps 1, 2, 4, 5: no mmio_enabled is a reset", ErrorSeverity.NonFatal, [2, 1, 5], ["6 normal", "8 normal", "9 normal", "7 normal"], true },
        { "steps 1, 4, 6: given up after the reset", ErrorSeverity.NonFatal, [3, 0, 4], ["6 normal", "9 normal", "6 dead"], false },
        { "steps 1, 4, 6: no second reset", ErrorSeverity.NonFatal, [3, 0, 3], ["6 normal", "9 normal", "6 dead"], false },
        { "steps 1, 4, 6: can recover is no answer to step 4", ErrorSeverity.NonFatal, [3, 0, 2], ["6 normal", "9 normal", "6 dead"], false },
        { "steps 1, 4, 6: no slot_reset", ErrorSeverity.NonFatal, [3, 0, 1], ["6 normal", "9 normal", "6 dead"], false },
        { "step 1: no handler", ErrorSeverity.NonFatal, [1, 0, 0], ["6 normal"], false },
        { "step 1: no driver", ErrorSeverity.NonFatal, [6, 0, 0], ["6 normal"], false },
        { "fatal: steps 1, 3, 4, 5", ErrorSeverity.Fatal, [3, 0, 5], ["6 frozen", "9 normal", "7 normal"], true },
        { "fatal: can recover: the link was reset all the same", ErrorSeverity.Fatal, [2, 0, 5], ["6 frozen", "9 normal", "7 normal"], true },
        { "fatal: recovered: the link was reset all the same", ErrorSeverity.Fatal, [5, 0, 5], ["6 frozen", "9 normal", "7 normal"], true },
        { "fatal: given up", ErrorSeverity.Fatal, [4, 0, 0], ["6 frozen", "6 dead"], false },
        { "fatal: no handler", ErrorSeverity.Fatal, [1, 0, 0], ["6 frozen"], false },
        { "an answer of 0", ErrorSeverity.NonFatal, [0, 0, 0], ["6 normal", "6 dead"], false },
        { "an answer of 7", ErrorSeverity.NonFatal, [7, 0, 0], ["6 normal", "6 dead"], false },
        { "an answer of -1", ErrorSeverity.NonFatal, [2, -1, 0], ["6 normal", "8 normal", "6 dead"], false },
        { "an answer of 0x7fffffff", ErrorSeverity.Fatal, [3, 0, 0x7FFFFFFF], ["6 frozen", "9 normal", "6 dead"], false },
    };

    // The answers of both functions to 6, 8, 9; what is asked. Origin: "multi-function cards" of the document, merge_result of drivers/pci/pcie/err.c.
    public static TheoryData<string, int[], int[], string[], bool> Merges => new()
    {
        { "both can", [2, 5, 0], [2, 5, 0], ["6 normal 00", "6 normal 01", "8 normal 00", "8 normal 01", "7 normal 00", "7 normal 01"], true },
        {
            "one wants a reset: both are reset", [2, 0, 5], [3, 0, 5],
            ["6 normal 00", "6 normal 01", "9 normal 00", "9 normal 01", "7 normal 00", "7 normal 01"], true
        },
        {
            "one wants a reset at step 2", [2, 5, 5], [2, 3, 5],
            ["6 normal 00", "6 normal 01", "8 normal 00", "8 normal 01", "9 normal 00", "9 normal 01", "7 normal 00", "7 normal 01"], true
        },
        {
            "a reset is stronger than giving up", [4, 0, 5], [3, 0, 5],
            ["6 normal 00", "6 normal 01", "9 normal 00", "9 normal 01", "7 normal 00", "7 normal 01"], true
        },
        { "one gives up", [2, 0, 0], [4, 0, 0], ["6 normal 00", "6 normal 01", "6 dead 00", "6 dead 01"], false },
        { "one has no handler: nobody is asked any further but told", [2, 0, 0], [1, 0, 0], ["6 normal 00", "6 normal 01", "6 dead 00"], false },
        { "one does not come back", [3, 0, 5], [3, 0, 4], ["6 normal 00", "6 normal 01", "9 normal 00", "9 normal 01", "6 dead 00", "6 dead 01"], false },
    };

    [Theory]
    [MemberData(nameof(Conversations))]
    public void One_function_is_asked_as_the_document_says(string origin, ErrorSeverity severity, int[] answers, string[] asked, bool recovers)
    {
        using ErrorBench bench = new();
        using DriverInGuest driver = bench.Drive(7, request => AnswerOf(request, answers), OneFunction);

        bench.Raise(ErrorBench.Card, severity, OneFunction);
        DeviceErrorReport report = bench.AwaitEnd(ErrorBench.Card);

        Assert.Equal((origin, string.Join(", ", asked.Select(static step => $"{step} 00"))), (origin, string.Join(", ", driver.Asked)));
        Assert.Equal((recovers ? 1 : 0, recovers ? 0 : 1), (report.Recovered, report.Failed));
        Assert.Equal([ErrorBench.Card], bench.Errors.Cleared);
        Assert.Equal(origin.StartsWith("an answer of", StringComparison.Ordinal) ? 1 : 0, report.BadVerdicts);
    }

    [Theory]
    [MemberData(nameof(Merges))]
    public void Functions_of_one_card_are_recovered_together(string origin, int[] first, int[] second, string[] asked, bool recovers)
    {
        using ErrorBench bench = new();
        using DriverInGuest driver = bench.Drive(7, request => AnswerOf(request, request.Devfn == 0 ? first : second), TwoFunctions);

        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal, TwoFunctions);
        DeviceErrorReport report = bench.AwaitEnd(ErrorBench.Card);

        Assert.Equal((origin, string.Join(", ", asked)), (origin, string.Join(", ", driver.Asked)));
        Assert.Equal(recovers ? 1 : 0, report.Recovered);
    }

    [Fact]
    public void A_lost_transaction_concerns_no_other_guest_and_a_lost_link_all_of_them()
    {
        using ErrorBench bench = new();
        using DriverInGuest one = bench.Drive(7, static request => AnswerOf(request, [3, 0, 5]), ErrorBench.Card);
        using DriverInGuest other = bench.Drive(8, static request => AnswerOf(request, [3, 0, 5]), ErrorBench.CardToo);

        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal, TwoFunctions);
        bench.AwaitEnd(ErrorBench.Card);
        Assert.Empty(other.Asked);

        bench.Raise(ErrorBench.Card, ErrorSeverity.Fatal, TwoFunctions);
        bench.AwaitEnd(ErrorBench.Card, recoveries: 3);
        Assert.Equal(["6 frozen 01", "9 normal 01", "7 normal 01"], other.Asked);
    }

    [Fact]
    public void A_corrected_error_is_counted_and_nobody_asked()
    {
        using ErrorBench bench = new();
        using DriverInGuest driver = bench.Drive(7, static _ => 4, OneFunction);

        for (int i = 0; i < 1000; i++)
        {
            bench.Raise(ErrorBench.Card, ErrorSeverity.Correctable, OneFunction);
        }

        Assert.Equal(1000, bench.Of(ErrorBench.Card).Correctable);
        Assert.Empty(driver.Asked);

        // One line, which does not keep a greater thing from being said.
        bench.Raise(ErrorBench.Card, ErrorSeverity.NonFatal, OneFunction);
        bench.AwaitEnd(ErrorBench.Card);
        Bench.Eventually(() => bench.Bench.Lines.Warnings.Any(static line => line.Contains("not recovered", StringComparison.Ordinal)), "said");
        Assert.Single(bench.Bench.Lines.Texts, static line => line.Contains("corrected error", StringComparison.Ordinal));
    }

    internal static int? AnswerOf(RecoveryRequest request, int[] answers) => request switch
    {
        { State: ChannelState.PermanentFailure } => (int)RecoveryVerdict.Disconnect,
        { Command: PciOpCode.AerDetected } => answers[0],
        { Command: PciOpCode.AerMmioEnabled } => answers[1],
        { Command: PciOpCode.AerSlotReset } => answers[2],
        _ => (int)RecoveryVerdict.None,
    };
}

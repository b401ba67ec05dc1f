using PciBackFlow.Filter.Run;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

/// <summary>A function that was taken from its guest: requests that were accepted before come too late, and who is inside says when it leaves.</summary>
public sealed class WithdrawnFunctionTests
{
    private readonly AssignedFunction _function = new TestFunction().Assign();
    private int _left;

    [Fact]
    public void Nobody_begins_any_more()
    {
        Assert.True(_function.Withdraw(Left));

        Assert.True(_function.IsWithdrawn);
        Assert.False(_function.TryBegin());
        Assert.False(_function.TryBegin());
        Assert.Equal(0, _left);
    }

    [Fact]
    public void Who_is_inside_says_once_that_it_has_left_and_nobody_follows()
    {
        Assert.True(_function.TryBegin());
        Assert.False(_function.Withdraw(Left));
        Assert.False(_function.TryBegin());
        Assert.Equal(0, _left);

        _function.End();

        Assert.Equal(1, _left);
        Assert.False(_function.TryBegin());
    }

    [Fact]
    public void Forgetting_the_guest_does_not_give_the_function_back()
    {
        _function.Withdraw(Left);
        _function.Release();
        Assert.False(_function.TryBegin());
    }

    [Fact]
    public void A_request_that_comes_late_fails_and_does_not_reach_hardware()
    {
        using var guest = new TestGuest();
        Assert.True(guest.Function.Withdraw(Left));

        Assert.Equal(PciOpStatus.OperationFailed, guest.Serve(TestGuest.Read(0x80, 4)).Error);
        Assert.Equal(0, guest.Hardware.Accesses);
    }

    [Fact]
    public void A_turn_costs_no_allocation()
    {
        Turn();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Turn();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Turn()
        {
            for (int i = 0; i < 100; i++)
            {
                _function.TryBegin();
                _function.End();
            }
        }
    }

    // Whatever the order: inside before the withdrawal is told when it leaves, and inside after it is nobody.
    [Fact]
    public void A_withdrawal_among_racing_turns_is_told_of_exactly_those_that_were_inside()
    {
        for (int round = 0; round < 500; round++)
        {
            AssignedFunction function = new TestFunction().Assign();
            int told = 0;
            int late = 0;
            bool isWithdrawn = false;
            using Barrier together = new(3);
            Thread[] users = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                for (int i = 0; i < 200; i++)
                {
                    bool knew = Volatile.Read(ref isWithdrawn);
                    if (function.TryBegin())
                    {
                        late += knew ? 1 : 0;
                        function.End();
                    }
                }
            }))];
            Array.ForEach(users, static user => user.Start());
            together.SignalAndWait();
            Thread.SpinWait(round);

            bool wasAlone = function.Withdraw(() => Interlocked.Increment(ref told));
            Volatile.Write(ref isWithdrawn, true);

            Array.ForEach(users, static user => user.Join());
            Assert.Equal((0, wasAlone ? 0 : 1), (late, told));
        }
    }

    private void Left() => _left++;
}

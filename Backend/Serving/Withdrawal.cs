using PciBackFlow.Backend.Guests;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// A function's way out of a guest's hands, in the order that is safe for memory: no request begins any more, no more DMA, what is under way ends, no more
/// messages, then the reset; only then may anybody else get it. A thread of ours that is still inside, in an access or an interrupt request, cannot be
/// stopped, and its end would hit whoever has the function by then. So until it has come back nobody gets it, this guest neither, whose claim is not ended;
/// and what it did is cleaned after it.
/// </summary>
/// <param name="domainId">The guest.</param>
/// <param name="function">The function; in no table of the guest's any more.</param>
/// <param name="services">Through what it is let go.</param>
internal sealed class Withdrawal(int domainId, AssignedFunction function, GuestServices services)
{
    // Much longer than any access that does not hang.
    private const int AccessPatienceMilliseconds = 200;

    // Those that may still be at it: an access, an interrupt request, and this run. The last one to leave finishes.
    private const int Everybody = 3;

    private static readonly int[] PendingPausesMilliseconds = [0, 100, 200, 400];

    private readonly PciAddress _host = function.Hardware.Address;
    private int _left = Everybody;
    private bool _isQuiet;

    /// <summary>
    /// Runs it. When it returns nobody is inside, the function is reset and others can claim it; or that is done when the last request has come back, and a
    /// warning says so. Blocks for as long as that is waited for, and for a reset.
    /// </summary>
    public void Run()
    {
        // Noted first: whoever is late may come back at any time.
        services.Leaving[(domainId, _host)] = true;
        bool hasLeft = function.Withdraw(AccessLeft);
        if (hasLeft)
        {
            TryLeave();
        }
        else
        {
            hasLeft = AwaitAccess();
        }

        bool isClosed = true;
        try
        {
            // One that hangs inside must not keep the bus master on; should it switch that on, it is switched off again behind it.
            Quiesce();
            _isQuiet = hasLeft;
            isClosed = services.Interrupts?.Remove(function, RequestLeft) != false;
        }
        finally
        {
            if (isClosed)
            {
                TryLeave();
            }

            if (TryLeave())
            {
                Finish();
            }
            else
            {
                services.Warnings.Warn(domainId, $"{_host} stays claimed until a request for it has come back");
            }
        }
    }

    /// <returns>Whether this was the last one.</returns>
    private bool TryLeave() => Interlocked.Decrement(ref _left) == 0;

    private bool AwaitAccess()
    {
        long start = Environment.TickCount64;
        while (Volatile.Read(ref _left) == Everybody)
        {
            if (Environment.TickCount64 - start >= AccessPatienceMilliseconds)
            {
                return false;
            }

            Thread.Sleep(1);
        }

        return true;
    }

    // The thread may be a shard's, or one that has been replaced: it is told to nobody but another one, which has time.
    private void AccessLeft()
    {
        if (TryLeave())
        {
            FinishLater();
        }
    }

    private void RequestLeft()
    {
        if (TryLeave())
        {
            FinishLater();
        }
    }

    // By a daemon that serves: where another one does by now, the function may be in its guest's hands.
    private void FinishLater() => services.Notices.Post(() => Task.Factory.StartNew(
        FinishLate, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    private void FinishLate()
    {
        try
        {
            Finish();
        }
        catch (Exception e)
        {
            // On a thread of nobody's: a daemon that ends meanwhile has closed what this works with.
            GuestLog.Failed(services.Logger, domainId, e);
        }
    }

    // Touches nothing of this guest's: when it is late, on another thread, the guest may be gone.
    private void Finish()
    {
        try
        {
            if (!_isQuiet)
            {
                Quiesce();
            }

            function.Release();
            if (!function.Hardware.TryReset())
            {
                services.Warnings.Warn(domainId, $"{_host} could not be reset after use");
            }
        }
        finally
        {
            // Whatever happened: nobody comes who would do it later. Whether the device can be handed on custody decides, by its own reset.
            try
            {
                services.EndClaim(domainId, _host);
            }
            finally
            {
                services.Leaving.TryRemove((domainId, _host), out _);
            }
        }

        GuestLog.FunctionTakenBack(services.Logger, domainId, _host);
    }

    private void Quiesce()
    {
        if (!TryQuiesce(function.Hardware))
        {
            services.Warnings.Warn(domainId, $"{_host} does not end its transactions");
        }
    }

    // A device that still writes would write into memory that its guest no longer owns. Waits as long as Linux does before a function level reset
    // (drivers/pci/pci.c, pci_wait_for_pending): 0.7 s at most, besides an access that hangs.
    private static bool TryQuiesce(IPciFunction hardware)
    {
        if (!hardware.TryRead(ConfigRegisters.Command, 2, out uint command) || NoAnswer.Is(command, 2))
        {
            return true;
        }

        if ((command & CommandBits.BusMaster) != 0)
        {
            hardware.TryWrite(ConfigRegisters.Command, 2, command & ~CommandBits.BusMaster);
        }

        if (!CapabilityWalk.Read(hardware).TryFind(CapabilityId.PciExpress, out PciCapability express))
        {
            return true;
        }

        foreach (int pause in PendingPausesMilliseconds)
        {
            Thread.Sleep(pause);
            if (!hardware.TryRead(express.Offset + PciExpressRegisters.DeviceStatus, 2, out uint status)
                || NoAnswer.Is(status, 2) || (status & PciExpressRegisters.TransactionsPending) == 0)
            {
                return true;
            }
        }

        return false;
    }
}

namespace PciBackFlow.Hardware.Hypervisor.Xen;

/// <summary>
/// Lets many ordinary requests be in flight, or one that must have the connection for itself. That one goes next when it waits, so that it is
/// not starved. Thread-safe; a thread has at most one request.
/// </summary>
internal sealed class RequestTurns
{
    private readonly object _gate = new();
    private int _together;
    private int _waitingAlone;
    private bool _alone;

    /// <summary>Waits until a request may be sent.</summary>
    /// <param name="alone">Whether no other may be in flight.</param>
    internal void Enter(bool alone)
    {
        lock (_gate)
        {
            if (!alone)
            {
                while (_alone || _waitingAlone != 0)
                {
                    Monitor.Wait(_gate);
                }

                _together++;
                return;
            }

            _waitingAlone++;
            while (_alone || _together != 0)
            {
                Monitor.Wait(_gate);
            }

            _waitingAlone--;
            _alone = true;
        }
    }

    /// <summary>The request was answered, or will not be.</summary>
    /// <param name="alone">As it entered.</param>
    internal void Leave(bool alone)
    {
        lock (_gate)
        {
            if (alone)
            {
                _alone = false;
            }
            else
            {
                _together--;
            }

            Monitor.PulseAll(_gate);
        }
    }
}

namespace PciBackFlow.Backend.Running;

/// <summary>
/// A part of a pass that may wait for a device: for its reset, for an access that is under way, for a call of the hypervisor that does not return. While it
/// lasts the pass does not count among the few that run at a time (<see cref="PatientScheduler"/>), so that no guest waits for another one's device.
/// </summary>
internal readonly struct DeviceWait : IDisposable
{
    private readonly PatientScheduler.Runner? _runner;

    private DeviceWait(PatientScheduler.Runner? runner) => _runner = runner;

    /// <summary>From now on the pass on this thread may wait for a device. Somewhere else nothing happens. May be nested.</summary>
    /// <returns>Ends it when disposed, on the same thread.</returns>
    public static DeviceWait Begin()
    {
        PatientScheduler.Runner? runner = PatientScheduler.RunnerHere;
        runner?.BeginWait();
        return new(runner);
    }

    /// <summary>It does not wait any more, and goes on at once.</summary>
    public void Dispose() => _runner?.EndWait();
}

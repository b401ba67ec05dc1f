using PciBackFlow.Backend.Running;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Serving;

/// <summary>This part: another policy is in force from now on.</summary>
internal sealed partial class ExposedFunctions
{
    // Linux waits so long before it looks at a function that it resets (PCI Express Base 3.0 §6.6.2).
    private const int ShortestResetMilliseconds = 100;

    // A millisecond each: longer than any access that does not hang.
    private const int InsideAttempts = 200;

    /// <summary>Compiles a function's permissions anew, if its policy changed.</summary>
    /// <param name="host">The host's function.</param>
    /// <param name="run">Runs something between two of the guest's requests.</param>
    /// <returns>What became of it; later when a request has been inside the function for too long, or it does not answer as it should.</returns>
    public Recompilation Recompile(PciAddress host, Action<Action> run)
    {
        if (!_functions.TryGetValue(host, out AssignedFunction? function))
        {
            return Recompilation.AsItWas;
        }

        try
        {
            if (_services.Permissions.IsCurrent(function, _options[host]))
            {
                return Recompilation.AsItWas;
            }
        }
        catch (InvalidOperationException)
        {
            return Recompilation.Later;
        }

        using var wait = DeviceWait.Begin();

        // Its registers are read: in the middle of a reset that its guest asked for they say anything, or that there are no
        // capabilities. The function is not taken for that, which would fail the guest's accesses: nobody is inside before and
        // after, and no reset fits in between.
        if (!TryInside(function, run, static () => { }))
        {
            return Recompilation.Later;
        }

        long start = Environment.TickCount64;
        CompiledFunction compiled;
        try
        {
            compiled = _services.Permissions.Compile(_domainId, function.Hardware, _options[host], IsLone(host));
        }
        catch (Exception e) when (e is UnsupportedFunctionException or InvalidOperationException or ArgumentException)
        {
            return Recompilation.Later;
        }

        bool isFresh = false;
        bool wasInside = TryInside(function, run, () =>
        {
            isFresh = Environment.TickCount64 - start < ShortestResetMilliseconds;
            if (isFresh)
            {
                function.Replace(compiled);
            }
        });
        if (!wasInside || !isFresh)
        {
            return Recompilation.Later;
        }

        GuestLog.PolicyChanged(_services.Logger, _domainId, host, compiled.Policy.Profile.Value);
        return Recompilation.Changed;
    }

    // On the thread that owns the guest's requests, which never waits for a worker that is at the function.
    private static bool TryInside(AssignedFunction function, Action<Action> run, Action action)
    {
        bool isDone = false;
        for (int attempt = 0; attempt < InsideAttempts && !isDone; attempt++)
        {
            if (attempt > 0)
            {
                Thread.Sleep(1);
            }

            run(() =>
            {
                if (!function.TryBegin())
                {
                    return;
                }

                action();
                function.End();
                isDone = true;
            });
        }

        return isDone;
    }
}

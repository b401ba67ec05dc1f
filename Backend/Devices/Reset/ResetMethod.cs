namespace PciBackFlow.Backend.Devices.Reset;

/// <summary>One of the kernel's ways to reset a function (the names of sysfs <c>reset_method</c>).</summary>
/// <param name="Name">The kernel's name: <c>flr</c>.</param>
/// <param name="What">What it does, for people.</param>
/// <param name="ResetsBus">Whether everything on the function's bus goes with it: only usable when the function is alone there.</param>
public sealed record ResetMethod(string Name, string What, bool ResetsBus);

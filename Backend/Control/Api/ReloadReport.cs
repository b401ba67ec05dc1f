namespace PciBackFlow.Backend.Control.Api;

/// <summary>Answer of <c>POST /v1/reload</c>: what reading the configuration again has changed.</summary>
/// <param name="Changed">Host addresses of functions that are under another policy now.</param>
/// <param name="Waiting">Those that get it as soon as their guest leaves them alone for a moment.</param>
/// <param name="NeedRestart">Keys of the configuration that changed, too, but are only read at the start.</param>
public sealed record ReloadReport(IReadOnlyList<string> Changed, IReadOnlyList<string> Waiting, IReadOnlyList<string> NeedRestart);

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Inspection;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>The paths of the control API and what each does. Requests run side by side; what they act through puts them in order.</summary>
internal sealed class ControlEndpoints
{
    private readonly ControlServices _services;

    private ControlEndpoints(ControlServices services) => _services = services;

    public static ControlRoutes Create(ControlServices services)
    {
        ControlEndpoints endpoints = new(services);
        ControlRoutes routes = new();
        routes.Add("GET", "status", new StatusEndpoint(services).Run);
        routes.Add("GET", "inspect", endpoints.Inspect);
        routes.Add("GET", "inspect/{**path}", endpoints.Inspect);
        routes.Add("GET", "assignable", endpoints.ListAssignable);
        routes.Add("GET", "devices/{**device}", endpoints.Device);
        routes.Add("POST", "assignable", endpoints.Take);
        routes.Add("DELETE", "assignable/{**device}", endpoints.GiveBack);
        routes.Add("GET", "domains/{domain}/devices", endpoints.ListDevices);
        routes.Add("POST", "domains/{domain}/devices", endpoints.Attach);
        routes.Add("DELETE", "domains/{domain}/devices", endpoints.Detach);
        routes.Add("POST", "host/suspend", endpoints.Suspend);
        routes.Add("POST", "host/resume", endpoints.Resume);
        routes.Add("POST", "reload", endpoints.Reload);
        ProfileEndpoint profile = new(services);
        routes.Add("GET", ControlPaths.Profile, profile.Take);
        routes.Add("DELETE", $"{ControlPaths.Profile}/{{{ControlPaths.ProfileId}}}", profile.End);
        routes.Add("GET", "trace", new TraceEndpoint(services).Run);
        routes.Add("GET", ControlPaths.Metrics, new MetricsEndpoint(services).Run);
        routes.Add("GET", ControlPaths.LivePage, LivePage.Answer);
        return routes;
    }

    private async Task Inspect(HttpContext context)
    {
        string path = context.Request.RouteValues.ContainsKey("path") ? Unescaped(context, "path") : string.Empty;
        IReadOnlyList<ShardReport> shards = await _services.ShardsAsync(_services.Guests()).ConfigureAwait(false);
        LiveNode tree = LiveTree.Of(new()
        {
            Daemon = _services.Daemon,
            Shards = () => shards,
            Engine = _services.Counters,
            Guests = _services.Guests,
            NameOf = _services.NameOf,
            Custody = _services.Custody,
            Errors = _services.Errors,
            Configuration = _services.Configuration(),
            Journal = _services.Journal,
            Inheritance = _services.Inheritance,
            Policies = _services.Policies?.Invoke(),
        });
        JsonNode? found = await Blocking(context, () => tree.Find(path)).ConfigureAwait(false);
        await ControlGate.Write(context, StatusCodes.Status200OK, "application/json", JsonOf(found)).ConfigureAwait(false);
    }

    private Task ListAssignable(HttpContext context) => Answer(context, _services.Held(), ControlJson.Default.IReadOnlyListDeviceReport);

    private async Task Device(HttpContext context)
    {
        string word = Unescaped(context, "device");
        if (!DeviceSelector.TryParse(word, out DeviceSelector? device, out int index, out string? reason))
        {
            throw new BackendException(BackendFailure.Malformed, ControlProblem.Pointing($"{DeviceSelector.FaultOf(word)}: {reason}", word, index));
        }

        DeviceReport report = await Blocking(context, () =>
        {
            PciAddress address = _services.Custody.AddressOf(device);
            DeviceReport found = Report(address);
            return found.Refusals.Any(static refusal => refusal.Code == HostSnapshot.Absent)
                ? throw new BackendException(BackendFailure.Failed, $"{address}: {found.Reasons[0]}")
                : found.Weighed(_services.Toolstack.Assess(address));
        }).ConfigureAwait(false);
        await Answer(context, report, ControlJson.Default.DeviceReport).ConfigureAwait(false);
    }

    private async Task Take(HttpContext context)
    {
        TakeDevice request = await Body(context, ControlJson.Default.TakeDevice).ConfigureAwait(false);
        string wanted = request.Address ?? string.Empty;
        if (!DeviceSelector.TryParse(wanted, out DeviceSelector? device, out int index, out string? reason))
        {
            throw new BackendException(BackendFailure.Malformed, ControlProblem.Pointing($"{DeviceSelector.FaultOf(wanted)}: {reason}", wanted, index));
        }

        HeldDevice held = await Blocking(
            context, () => _services.Custody.Take(_services.Custody.AddressOf(device), request.Name, request.Force)).ConfigureAwait(false);
        await Answer(context, Report(held.Address), ControlJson.Default.DeviceReport).ConfigureAwait(false);
    }

    private async Task GiveBack(HttpContext context)
    {
        string device = Unescaped(context, "device");
        (bool rebind, bool force) = (Flag(context, "rebind"), Flag(context, "force"));
        await Blocking(context, () =>
        {
            // Giving back what isn't held is done already, as long as the words name a device.
            var selector = DeviceSelector.ReadWordOrName(device);
            if (selector is null && SelectorForms.IsKeyed(device) && !DeviceSelector.TryParse(device, out _, out int index, out string reason))
            {
                throw new BackendException(BackendFailure.Malformed, ControlProblem.Pointing($"{DeviceSelector.FaultOf(device)}: {reason}", device, index));
            }

            if (selector is not null && _services.Custody.Find(selector)?.Address is { } held)
            {
                _services.Custody.GiveBack(held, rebind, force);
            }
            else if (selector is not null and not NameSelector)
            {
                // It has to be one of the host's, unless it is an address, which may have been unplugged.
                _services.Custody.AddressOf(selector);
            }
            else
            {
                throw new BackendException(
                    BackendFailure.Failed,
                    $"no device of the name '{(selector as NameSelector)?.Name ?? device}' is held; pci-assignable-list -n shows the names");
            }

            return true;
        }).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task ListDevices(HttpContext context)
    {
        AssignmentReport[] devices = [.. _services.Toolstack.List(Domain(context)).Select(AssignmentReport.Of)];
        return Answer(context, devices, ControlJson.Default.IReadOnlyListAssignmentReport);
    }

    private async Task Attach(HttpContext context)
    {
        AttachDevice request = await Body(context, ControlJson.Default.AttachDevice).ConfigureAwait(false);
        AttachRequest attach = new(Domain(context), Spec(request.Spec ?? string.Empty), request.Wait, request.Keep, request.Force);
        IReadOnlyList<AttachedDevice> attached = await _services.Toolstack.AttachAsync(attach, context.RequestAborted).ConfigureAwait(false);
        AssignmentReport[] devices = [.. attached.Select(AssignmentReport.Of)];
        await Answer(context, devices, ControlJson.Default.IReadOnlyListAssignmentReport).ConfigureAwait(false);
    }

    private async Task Detach(HttpContext context)
    {
        PciSpec spec = Spec(context.Request.Query["spec"].ToString());
        bool force = Flag(context, "force");
        await _services.Toolstack.DetachAsync(Domain(context), spec, force, context.RequestAborted).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task Suspend(HttpContext context)
    {
        bool force = Flag(context, "force");
        await Blocking(context, () =>
        {
            new HostSuspend(_services.Custody).Prepare(force);
            return true;
        }).ConfigureAwait(false);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task Resume(HttpContext context)
    {
        IReadOnlyList<string> lost = await Blocking(context, new HostSuspend(_services.Custody).Resume).ConfigureAwait(false);
        if (lost.Count > 0)
        {
            throw new BackendException(BackendFailure.Failed, $"not everything came back from the host's sleep: {string.Join("; ", lost)}");
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task Reload(HttpContext context)
    {
        ReloadReport report = await _services.Reload().WaitAsync(context.RequestAborted).ConfigureAwait(false);
        await Answer(context, report, ControlJson.Default.ReloadReport).ConfigureAwait(false);
    }

    private int Domain(HttpContext context) => _services.Toolstack.Resolve(Route(context, "domain"));

    // The caret stands under the wrong character of the word above it.
    private static PciSpec Spec(string text) => PciSpec.TryParse(text, out PciSpec? spec, out int index, out string reason)
        ? spec
        : throw new BackendException(BackendFailure.Malformed, ControlProblem.Pointing($"not a PCI device specification: {reason}", text, index));

    private static byte[] JsonOf(JsonNode? node)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            if (node is null)
            {
                json.WriteNullValue();
            }
            else
            {
                node.WriteTo(json);
            }
        }

        return buffer.ToArray();
    }

    private DeviceReport Report(PciAddress device) => _services.Custody.Describe(device);

    /// <summary>Custody works with the hardware and cannot be interrupted in the middle: when the time is up the request ends, the work goes on.</summary>
    internal static Task<T> Blocking<T>(HttpContext context, Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(context.RequestAborted);

    private static async Task<T> Body<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new BackendException(BackendFailure.Malformed, "a JSON body is expected (Content-Type: application/json)");
        }

        return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted).ConfigureAwait(false)
            ?? throw new BackendException(BackendFailure.Malformed, "the request's body is null");
    }

    internal static Task Answer<T>(HttpContext context, T answer, JsonTypeInfo<T> type) =>
        ControlGate.Write(context, StatusCodes.Status200OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(answer, type));

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    // What has slashes a client may have escaped.
    private static string Unescaped(HttpContext context, string name) => Route(context, name).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    internal static bool Flag(HttpContext context, string name) => context.Request.Query[name].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        var other => throw new BackendException(BackendFailure.Malformed, $"{name} is true or false, not '{other}'"),
    };
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>The paths of the control API and what each does. Requests run side by side; what they act through puts them in order.</summary>
internal sealed class ControlEndpoints
{
    // A person waits for the answer; a shard that needs longer for an empty action is stuck.
    private static readonly TimeSpan ShardPatience = TimeSpan.FromMilliseconds(500);

    private readonly ControlServices _services;
    private readonly long _started = Environment.TickCount64;

    private ControlEndpoints(ControlServices services) => _services = services;

    public static void Map(IEndpointRouteBuilder routes, ControlServices services)
    {
        ControlEndpoints endpoints = new(services);
        Map(routes, "GET", "status", endpoints.Status);
        Map(routes, "GET", "assignable", endpoints.ListAssignable);
        Map(routes, "POST", "assignable", endpoints.Take);
        Map(routes, "DELETE", "assignable/{device}", endpoints.GiveBack);
        Map(routes, "GET", "domains/{domain}/devices", endpoints.ListDevices);
        Map(routes, "POST", "domains/{domain}/devices", endpoints.Attach);
        Map(routes, "DELETE", "domains/{domain}/devices", endpoints.Detach);
        Map(routes, "POST", "host/suspend", endpoints.Suspend);
        Map(routes, "POST", "host/resume", endpoints.Resume);
    }

    private static void Map(IEndpointRouteBuilder routes, string method, string path, RequestDelegate run) =>
        routes.MapMethods(ControlPaths.Version + path, [method], run);

    private async Task Status(HttpContext context)
    {
        IReadOnlyList<GuestSnapshot> guests = _services.Guests();
        bool[] answers = await _services.Shards.AskAsync(ShardPatience).ConfigureAwait(false);
        StatusReport report = new(
            new(
                _services.Version,
                _services.Platform,
                Environment.ProcessId,
                (Environment.TickCount64 - _started) / 1000.0,
                PipelineTopologyNames.NameOf(_services.Topology)),
            [.. answers.Select((answered, shard) => new ShardReport(shard, guests.Count(guest => guest.Shard == shard), answered))],
            _services.Counters(),
            [.. guests.Select(guest => GuestReport.Of(guest, _services.NameOf(guest.DomainId)))],
            Held(),
            _services.Configuration);
        await Answer(context, report, ControlJson.Default.StatusReport).ConfigureAwait(false);
    }

    private Task ListAssignable(HttpContext context) => Answer(context, Held(), ControlJson.Default.IReadOnlyListDeviceReport);

    private async Task Take(HttpContext context)
    {
        TakeDevice request = await Body(context, ControlJson.Default.TakeDevice).ConfigureAwait(false);
        string wanted = request.Address ?? string.Empty;
        if (!PciAddress.TryParse(wanted, out PciAddress address, out int index, out string? reason))
        {
            throw new BackendException(BackendFailure.Malformed, ControlProblem.Pointing($"not a PCI address: {reason}", wanted, index));
        }

        HeldDevice held = await Blocking(context, () => _services.Custody.Take(address, request.Name, request.Force)).ConfigureAwait(false);
        await Answer(context, DeviceReport.Of(held), ControlJson.Default.DeviceReport).ConfigureAwait(false);
    }

    private async Task GiveBack(HttpContext context)
    {
        string device = Route(context, "device");
        (bool rebind, bool force) = (Flag(context, "rebind"), Flag(context, "force"));
        await Blocking(context, () =>
        {
            // Giving back what isn't held is done already, as long as the words name a device.
            if (_services.Custody.Find(device)?.Address is { } held)
            {
                _services.Custody.GiveBack(held, rebind, force);
            }
            else if (!PciAddress.TryParse(device, out _))
            {
                throw new BackendException(BackendFailure.Failed, $"no device of the name '{device}' is held; pci-assignable-list -n shows the names");
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

    private int Domain(HttpContext context) => _services.Toolstack.Resolve(Route(context, "domain"));

    // The caret stands under the wrong character of the word above it.
    private static PciSpec Spec(string text) => PciSpec.TryParse(text, out PciSpec? spec, out int index, out string reason)
        ? spec
        : throw new BackendException(BackendFailure.Malformed, ControlProblem.Pointing($"not a PCI device specification: {reason}", text, index));

    private DeviceReport[] Held() => [.. _services.Custody.Held().Select(DeviceReport.Of)];

    /// <summary>Custody works with the hardware and cannot be interrupted in the middle: when the time is up the request ends, the work goes on.</summary>
    private static Task<T> Blocking<T>(HttpContext context, Func<T> work) =>
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

    private static Task Answer<T>(HttpContext context, T answer, JsonTypeInfo<T> type) =>
        ControlGate.Write(context, StatusCodes.Status200OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(answer, type));

    private static string Route(HttpContext context, string name) => (string)context.GetRouteValue(name)!;

    private static bool Flag(HttpContext context, string name) => context.Request.Query[name].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        var other => throw new BackendException(BackendFailure.Malformed, $"{name} is true or false, not '{other}'"),
    };
}

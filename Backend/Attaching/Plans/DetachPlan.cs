using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>
/// Takes devices from a guest: it is asked first and keeps everything until it has let go; only then is anything revoked (libxl revokes
/// under the driver's feet).
/// </summary>
internal static class DetachPlan
{
    public static Plan<Detachment> Table { get; } = new("detach",
    [
        new("note xl's devices among them")
        {
            Do = Announce,
            Journal = "Nodes (xl's): intent",
            Undo = CloseForeign,
            UndoneBy = "closed",
        },
        new("ask the guest for them") { DoAsync = DeviceRequest.AskAsync, Patience = nameof(ToolstackTiming.Ready) },
        new("wait until it has let go")
        {
            When = static detachment => detachment.Asked == GuestAsked.Told,
            Condition = "it was asked",
            DoAsync = DeviceRequest.AwaitLetGoAsync,
            Patience = $"{nameof(ToolstackTiming.LetGo)}; then the request is withdrawn, unless it is forced",
        },
        new("remove their keys")
        {
            // It is how the backend learns that the function is no longer the guest's.
            When = static detachment => !detachment.HasLetGo,
            Condition = "by force, or because nobody in the guest uses them",
            Do = RemoveByForce,
        },
        new("revoke what was granted")
        {
            Nested = new NestedPlan<Detachment, Reclamation>(RevokePlan.Table, forEach: null, static detachment => [detachment.Reclamation]),
        },
        new("say what stays xl's")
        {
            Do = static detachment =>
            {
                foreach (PciAddress device in detachment.Foreign)
                {
                    ToolstackLog.NotOurs(detachment.Services.Logger, detachment.Life.DomainId, device);
                }
            },
        },
        new("remove the keys that it let go of")
        {
            When = static detachment => detachment.HasLetGo,
            Condition = "it has let go",
            Do = RemoveKeys,
        },
        new("wait until the frontend has closed")
        {
            When = static detachment => detachment.IsEmpty,
            Condition = "the guest let go of its last device",
            DoAsync = AwaitCloseAsync,
            Patience = nameof(ToolstackTiming.Close),
        },
        new("remove the directories")
        {
            When = static detachment => detachment.IsEmpty,
            Condition = "the guest let go of its last device",
            Do = RemoveDirectories,
        },
        new("close what was removed")
        {
            Do = static detachment =>
            {
                detachment.Reclamation.CloseKeys(detachment.Reclamation.Devices);
                CloseForeign(detachment);
            },
            Journal = "Nodes, Kept: closed",
        },
        new("see that all was revoked") { Do = static detachment => detachment.Reclamation.ThrowIfAnyFailed() },
    ])
    {
        Expects = static e => StepFailure.IsExpected(e) || e is OperationCanceledException,
    };

    private static void Announce(Detachment detachment) => detachment.ForeignKeys =
    [
        .. detachment.Foreign.Select(device => detachment.Services.Journal.Begin(detachment.Life, device, GrantOwner.Toolstack, new(GrantKind.Nodes))),
    ];

    private static void CloseForeign(Detachment detachment)
    {
        foreach (JournalEntry keys in detachment.ForeignKeys)
        {
            detachment.Services.Journal.Close(keys);
        }
    }

    private static void RemoveByForce(Detachment detachment)
    {
        foreach (PciAddress device in detachment.Devices)
        {
            ToolstackLog.Forced(detachment.Services.Logger, detachment.Life.DomainId, device);
        }

        ReclaimPlan.RemoveKeys(detachment.Services, detachment.Life, detachment.Devices);
    }

    // The last device takes the directories with it, after the frontend has had a moment to close.
    private static void RemoveKeys(Detachment detachment) => detachment.IsEmpty = detachment.Services.Store.Run(store =>
    {
        DirectoryWriter directory = new(store, detachment.Guest);
        bool isEmpty = directory.RemoveDevices(detachment.Devices) == 0;
        if (isEmpty)
        {
            directory.TakeOffline();
        }

        return isEmpty;
    });

    private static Task<bool> AwaitCloseAsync(Detachment detachment, CancellationToken cancellationToken) => StoreWait.UntilAsync(
        detachment.Services.Store, detachment.Guest,
        () => new DirectoryReader(detachment.Services.Store, detachment.Guest).ReadStates() is { Backend: XenbusState.Closed } or { HasFrontendClosed: true },
        detachment.Services.Timing.Close, CancellationToken.None);

    private static void RemoveDirectories(Detachment detachment) => detachment.Services.Store.Run(store =>
    {
        // xl may have begun to give it another device meanwhile.
        if (new DirectoryReader(store, detachment.Guest).ReadBackend(DeviceDetail.Failures) is { HasDeviceCount: true, Devices.Count: 0 })
        {
            new DirectoryWriter(store, detachment.Guest).Destroy();
        }
    });
}

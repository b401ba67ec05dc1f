using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>Register writes and hypercalls of one function in the order in which they happened. One thread at a time.</summary>
internal sealed class StepLog
{
    private readonly OwnedFunction _owned;
    private readonly List<string> _steps = [];
    private int _seen;

    public StepLog(OwnedFunction owned)
    {
        _owned = owned;
        owned.Hardware.RecordAccesses(on: true);
        owned.Xen.Observer = Note;
    }

    public IReadOnlyList<string> Read()
    {
        NoteWrites();
        return _steps;
    }

    private void Note(LoopbackRequest request)
    {
        NoteWrites();
        _steps.Add(request.Call switch
        {
            LoopbackCall.Unmap => $"unmap {request.Number} domain {request.DomainId}",
            LoopbackCall.MapMessage or LoopbackCall.MapMessages => $"map {request.Number} domain {request.DomainId}",
            _ => $"{request.Call}",
        });
    }

    private void NoteWrites()
    {
        IReadOnlyList<RecordedAccess> accesses = _owned.Hardware.RecordedAccesses();
        foreach (RecordedAccess access in accesses.Skip(_seen).Where(access => access.IsWrite))
        {
            _steps.Add($"write {access.Offset:x3} {access.Value:x4}");
        }

        _seen = accesses.Count;
    }
}

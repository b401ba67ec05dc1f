using System.Runtime.InteropServices;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>
/// A guest's page: which function and policy (2 bytes), then requests of 36 bytes, one after the other through all six stages. Each has one answer with a
/// status of the protocol, nothing else of the page changes, and the function is touched only within its space.
/// </summary>
internal sealed unsafe class PageTarget : FuzzTarget, IGuestNotifier
{
    private const int Header = 2;
    private const int MostRequests = 16;

    private static readonly AccessPolicy[] Policies = [AccessPolicy.Default, AccessPolicy.Permissive, AccessPolicy.Strict, AccessPolicy.QemuXen];
    private static readonly string[] Functions = ["e1000e", "nvme", "root-port"];

    private readonly byte* _page = (byte*)NativeMemory.AlignedAlloc(SharedInfoLayout.PageSize, SharedInfoLayout.PageSize);
    private readonly Lazy<CapturedConfig[]> _configs = new(static () => [.. Functions.Select(Load)]);
    private readonly byte[] _before = new byte[SharedInfoLayout.PageSize];
    private readonly CompiledFunction?[] _compiled = new CompiledFunction?[Functions.Length * 16];
    private int _notifications;

    internal override string Name => "page";

    private Span<byte> Page => new(_page, SharedInfoLayout.PageSize);

    internal override IEnumerable<byte[]> Seeds()
    {
        PciOpRequest[] reads = [new() { Command = PciOpCode.ConfigRead, Size = 4 }, new() { Command = PciOpCode.ConfigRead, Offset = 0x3C, Size = 1 }];
        PciOpRequest[] sizing =
        [
            new() { Command = PciOpCode.ConfigWrite, Offset = 0x10, Size = 4, Value = uint.MaxValue },
            new() { Command = PciOpCode.ConfigRead, Offset = 0x10, Size = 4 },
            new() { Command = PciOpCode.ConfigWrite, Offset = 4, Size = 2, Value = 0x0407 },
        ];
        PciOpRequest[] messages =
        [
            new() { Command = PciOpCode.EnableMsi }, new() { Command = PciOpCode.DisableMsi }, new() { Command = PciOpCode.EnableMultiMsi, Info = 4 },
            new() { Command = PciOpCode.EnableMsix, Value = 2, Info = 0x00010000 }, new() { Command = PciOpCode.DisableMsix },
        ];
        PciOpRequest[] wrong =
        [
            new() { Command = PciOpCode.ConfigRead, Offset = 3, Size = 2 }, new() { Command = PciOpCode.ConfigRead, Offset = -4, Size = 4 },
            new() { Command = PciOpCode.ConfigRead, Devfn = 0x100, Size = 4 }, new() { Command = (PciOpCode)77 },
        ];
        for (int i = 0; i < Functions.Length * Policies.Length; i++)
        {
            PciOpRequest[] requests = (i % 4) switch { 0 => reads, 1 => sizing, 2 => messages, _ => wrong };
            yield return [(byte)i, (byte)(i / Functions.Length), .. MemoryMarshal.AsBytes(requests.AsSpan())];
        }
    }

    internal override string Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < Header)
        {
            return "nothing asked";
        }

        CapturedConfig config = _configs.Value[input[0] % Functions.Length];
        using var hardware = new GuardedFunction(new CapturedFunction("fuzzed", config));
        var function = new AssignedFunction(hardware, default, Compile(input[0] % Functions.Length, input[1], hardware));
        var guest = new GuestConnection(7, new SharedPage(_page), this, new FunctionTable([function]), new GrantingInterrupts());
        var operation = new GuestOperation(guest);
        Page.Clear();

        // What is behind the slot's head are entries of MSI-X requests: bytes of the input as well.
        for (int i = SharedInfoLayout.MsixEntries; i < SharedInfoLayout.Size; i++)
        {
            Page[i] = input[i % input.Length];
        }

        string outcome = "nothing asked";
        ReadOnlySpan<byte> rest = input[Header..];
        for (int i = 0; i < MostRequests && rest.Length >= SharedInfoLayout.OpHeaderSize; i++)
        {
            outcome = Serve(operation, MemoryMarshal.Read<PciOpRequest>(rest)).ToString();
            rest = rest[SharedInfoLayout.OpHeaderSize..];
        }

        return outcome;
    }

    public bool Notify()
    {
        _notifications++;
        return true;
    }

    private static CapturedConfig Load(string name) => BuiltinCaptures.TryLoad(name, out Capture? capture)
        ? capture.Functions[0]
        : throw new InvalidOperationException($"there is no capture {name}");

    // Once for each function and policy: the map never changes, and compiling it takes longer than all else.
    private CompiledFunction Compile(int index, byte policy, GuardedFunction hardware)
    {
        int key = (index * 16) + (policy & 15);
        AccessPolicy allowed = Policies[policy % Policies.Length] with
        {
            AllowFunctionReset = new((policy & 4) != 0, SettingOrigin.BuiltIn),
            AllowPowerStates = new((policy & 8) != 0, SettingOrigin.BuiltIn),
        };
        return _compiled[key] ??= FunctionPermissions.Compile(hardware, allowed, new ConfigSpaceMapCache());
    }

    private PciOpStatus Serve(GuestOperation operation, PciOpRequest request)
    {
        var frontend = new FrontendPage(_page);
        frontend.Post(request);
        Page.CopyTo(_before);
        _notifications = 0;

        RunStages(operation);

        frontend.ReadAnswer(out PciOpRequest answer);
        Require(frontend.IsAnswered, "a request has no answer");
        Require(_notifications == 1, $"a request was answered {_notifications} times");
        Require(default(IngestStage).Process(operation) == StageFlow.Idle, "an answered request is taken up again");
        Require(answer.Error is >= PciOpStatus.OperationFailed and <= PciOpStatus.Success, $"{(int)answer.Error} is no status of the protocol");
        for (int at = 0; at < SharedInfoLayout.PageSize; at++)
        {
            Require(Page[at] == _before[at] || MayChange(at, request.Command), $"byte 0x{at:x} of the page changed by {request.Command}");
        }

        return answer.Error;
    }

    private static void RunStages(GuestOperation operation)
    {
        StageFlow flow = default(IngestStage).Process(operation);
        for (int stage = 1; stage < 6 && flow is StageFlow.Continue or StageFlow.Offload; stage++)
        {
            flow = stage switch
            {
                1 => default(DecodeStage).Process(operation),
                2 => default(FilterStage).Process(operation),
                3 => default(ExecuteStage).Process(operation),
                4 => default(RespondStage).Process(operation),
                _ => default(NotifyStage).Process(operation),
            };
        }
    }

    // What an answer consists of; of an entry its vector, which comes first.
    private static bool MayChange(int at, PciOpCode code) => at switch
    {
        < SharedInfoLayout.Flags + sizeof(uint) => true,
        >= SharedInfoLayout.Error and < SharedInfoLayout.Error + sizeof(int) => true,
        >= SharedInfoLayout.Value and < SharedInfoLayout.Value + sizeof(uint) => true,
        >= SharedInfoLayout.Info and < SharedInfoLayout.Info + sizeof(uint) => code == PciOpCode.EnableMultiMsi,
        >= SharedInfoLayout.MsixEntries and < SharedInfoLayout.AerOp => code == PciOpCode.EnableMsix && (at & 2) == 0,
        _ => false,
    };
}

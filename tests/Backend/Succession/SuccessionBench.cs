using System.Diagnostics;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Backend.Succession;
using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Backend.Tests.Interrupts;
using PciBackFlow.Backend.Tests.Serving;
using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>A machine in memory on which several daemons live, one of which serves. What outlives each lies in a folder, as it does on a host.</summary>
internal sealed class SuccessionBench : IDisposable
{
    public static readonly PciAddress Nic = OwnedFunction.Address;

    private readonly TemporaryFolder _folder = new();
    private readonly List<LiveDaemon> _daemons = [];
    private readonly EmulatedFunction _nic;
    public SuccessionBench()
    {
        _nic = OwnedFunction.Builder().Build(Nic);
        Card = new(_nic);
        Host.Passthrough.Describe(
            Nic, new() { MsixEntries = OwnedFunction.TableSize, MsiVectors = OwnedFunction.MsiVectors, DecodesMemory = static () => true });
        Store = Host.BackendView.OpenXenStore();
        using IPhysdev physdev = Host.BackendView.OpenPhysdev();
        physdev.PrepareMsix(Nic);
    }

    /// <summary>The card, as daemons see it.</summary>
    public GatedFunction Card { get; }

    public LoopbackHost Host { get; } = new();

    public IXenStore Store { get; }

    public SuccessionTiming Timing { get; init; } = new();

    public IReadOnlyDictionary<string, string>? ServiceVariables { get; init; }

    public string Socket => _folder["succession.sock"];

    public SuccessionTerms Terms => BackendDaemon.TermsOf("1.0", "loopback", _folder["state"]);

    /// <summary>A daemon that is composed, and does nothing yet.</summary>
    public LiveDaemon Make()
    {
        LiveDaemon daemon = new(new SmallMachine(Host, new([_nic], static _ => { }, _ => Card)), _folder["run"]);
        _daemons.Add(daemon);
        return daemon;
    }

    /// <summary>A daemon that serves, and that others may follow.</summary>
    public LiveDaemon Serve()
    {
        LiveDaemon daemon = Make();
        daemon.Backend.Start();
        Listen(daemon);
        return daemon;
    }

    public void Listen(LiveDaemon daemon)
    {
        daemon.Server = new(Socket, Terms, daemon, daemon.Lines, Timing) { ServiceVariables = ServiceVariables };
        daemon.Server.Start();
    }

    /// <summary>The whole conversation, as a daemon has it.</summary>
    /// <param name="isReady">Told before the other one lets go.</param>
    public async Task<LiveDaemon> Follow(Action<LiveDaemon>? isReady = null)
    {
        using Predecessor predecessor = await Predecessor.ConnectAsync(Socket, Timing) ?? throw new InvalidOperationException("nobody serves");
        await predecessor.AgreeAsync(Terms);
        LiveDaemon daemon = Make();
        daemon.Backend.Open();
        daemon.Backend.Rehearse();
        isReady?.Invoke(daemon);
        await predecessor.ReleaseAsync();
        daemon.Backend.StartServing();
        await predecessor.ConfirmAsync();
        daemon.Backend.StartManaging();
        Listen(daemon);
        return daemon;
    }

    /// <summary>A guest with the card, connected.</summary>
    public SmallFrontend Connect(int domain)
    {
        Host.CreateDomain(domain);
        using (IDomainControl xl = Host.BackendView.OpenDomainControl())
        {
            xl.Assign(domain, Nic, relaxed: false);
        }

        Store.Run(store =>
        {
            DirectoryWriter writer = new(store, GuestId.Of(domain));
            writer.Create();
            writer.AddDevice(0, new(Nic, "permissive=0"));
        });
        SmallFrontend frontend = new(Host, domain);
        AwaitState(domain, "3");
        frontend.Publish();
        AwaitState(domain, "4");
        frontend.Write("state", "4");
        return frontend;
    }

    public void Dispose()
    {
        Card.LetGo();
        foreach (LiveDaemon daemon in Enumerable.Reverse(_daemons))
        {
            daemon.Dispose();
        }

        Store.Dispose();
        _folder.Dispose();
        Assert.Empty(_daemons.SelectMany(static daemon => daemon.Lines.Errors));
    }

    private void AwaitState(int domain, string state) =>
        Bench.Eventually(() => Store.Read($"{Bench.BackendPath(domain)}/state") == state, $"domain {domain} in backend state {state}");

    /// <summary>One process's daemon.</summary>
    public sealed class LiveDaemon : IPredecessor, IDisposable
    {
        public LiveDaemon(SmallMachine machine, string run)
        {
            Machine = machine;
            Backend = new(machine, new() { Version = "1.0", Platform = "loopback", RunDirectory = run, Shards = 1, SpinMicroseconds = 0, Logger = Lines });
        }

        public SmallMachine Machine { get; }

        public BackendDaemon Backend { get; }

        public IReadOnlyList<HeldDevice> Held => Machine.Custody.Held();

        public SuccessionServer? Server { get; set; }

        public CapturedLines Lines { get; } = new();

        /// <summary>Why nobody may follow; null when somebody may.</summary>
        public string? Objection { get; set; }

        /// <summary>What goes wrong when it is to take no commands any more.</summary>
        public Exception? Defect { get; set; }

        /// <summary>What killing a successor does.</summary>
        public Action<int> Killed { get; set; } = static _ => { };

        /// <summary>Done before guests are let go of.</summary>
        public Action Releasing { get; set; } = static () => { };

        /// <summary>Done when another one serves.</summary>
        public Action Succeeding { get; set; } = static () => { };

        /// <summary>How long it took to serve again, the last time.</summary>
        public TimeSpan ResumedIn { get; private set; }

        /// <summary>Which process serves instead; 0 while none does.</summary>
        public int Followed { get; private set; }

        /// <summary>How often commands were taken again.</summary>
        public int Listened { get; private set; }

        public async Task<string?> QuietAsync()
        {
            if (Defect is { } defect)
            {
                throw defect;
            }

            if (Objection is null)
            {
                await Backend.QuietAsync(TimeSpan.FromSeconds(1));
            }

            return Objection;
        }

        public long Release()
        {
            Releasing();
            return Backend.Release();
        }

        public void Succeeded(int process)
        {
            Followed = process;
            Succeeding();
        }

        public void EndSuccessor(int process) => Killed(process);

        public void Resume()
        {
            long began = Stopwatch.GetTimestamp();
            Backend.Resume();
            ResumedIn = Stopwatch.GetElapsedTime(began);
        }

        public Task ListenAsync()
        {
            Listened++;
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            Server?.Dispose();
            Backend.Dispose();
            Machine.Dispose();
        }
    }

    public sealed class SmallMachine(LoopbackHost host, SmallCustody custody) : Machine
    {
        private readonly EmulatedErrorSource _errors = new();

        /// <summary>What it asks of xenstore.</summary>
        public TroubledStore Asked { get; } = new(host.BackendView);

        public override IHypervisor Hypervisor => Asked;

        public override IDeviceCustody Custody => custody;

        public override IErrorSource Errors => _errors;

        public override bool HasXl => false;

        public override bool OutlivesProcess => true;

        public override string Remark => "a machine in memory";

        /// <summary>What it does with its devices by itself.</summary>
        public Task Change { get; set; } = Task.CompletedTask;

        public override bool IsChanging => !Change.IsCompleted;

        public override Task SettledAsync() => Change;

        public override void Dispose()
        {
            _errors.Dispose();
            custody.Dispose();
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;

namespace PciBackFlow.LabProbe.Frontend;

/// <summary>This domain's side of the xenbus handshake, one step at a time: nothing keeps it from taking a wrong one.</summary>
internal sealed class GuestFrontend : IDisposable
{
    // A path without a slash at its beginning is the domain's own.
    private const string Home = "device/pci/0";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly XenStoreConnection _store = XenStoreConnection.Open();
    private readonly string _backend;

    public GuestFrontend()
    {
        _backend = _store.Read(StoreKeys.In(Home, StoreKeys.Backend)) ?? throw new InvalidOperationException("this domain has no PCI bus");
        DomainId = int.Parse(_store.Read("domid") ?? throw new InvalidOperationException("no domid"), CultureInfo.InvariantCulture);
    }

    public int DomainId { get; }

    /// <summary>The states of a backend, as it writes them; 0 for none.</summary>
    public int BackendState => int.TryParse(_store.Read(StoreKeys.StateOf(_backend)), CultureInfo.InvariantCulture, out int state) ? state : 0;

    /// <summary>The first function's address in this guest, as devfn.</summary>
    public uint FirstFunction
    {
        get
        {
            string[] parts = (_store.Read(StoreKeys.In(_backend, StoreKeys.GuestAddress(0)))
                ?? throw new InvalidOperationException("no function is published")).Split(':', '.');
            return (uint.Parse(parts[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture) << 3)
                | uint.Parse(parts[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Closes whatever there was, and begins anew without any key.</summary>
    public void BeginAgain()
    {
        SwitchTo(6);
        Await(6);
        foreach (string key in (string[])[StoreKeys.PageReference, StoreKeys.EventChannel, StoreKeys.Magic])
        {
            try
            {
                _store.Remove(StoreKeys.In(Home, key));
            }
            catch (HypervisorException)
            {
                // It was not there.
            }
        }

        SwitchTo(1);
        Await(2, 3);
    }

    /// <summary>Says which page and which port are to be used.</summary>
    public void Offer(uint reference, int port)
    {
        FrontendKeys.Of(reference, port).Write(_store, Home);
        SwitchTo(3);
    }

    public void SwitchTo(int state) => _store.Write(StoreKeys.StateOf(Home), state.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits until the backend is in one of these states.</summary>
    /// <returns>The state.</returns>
    public int Await(params int[] states)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            int state = BackendState;
            if (states.Contains(state))
            {
                return state;
            }

            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException($"the backend is in state {state}, not in {string.Join(" or ", states)}");
            }

            Thread.Sleep(50);
        }
    }

    public void Dispose() => _store.Dispose();
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

// This part: a descriptor whose process ends, and who has another one of the same open file.
public static partial class EventChannelsContract
{
    public static void A_port_outlives_its_descriptor_where_another_is_open_and_is_adopted_there(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        SafeFileHandle kept = Keep(link.NearEnd);
        link.NearEnd.Dispose();
        Check.Equal(false, link.NearEnd.Notify(link.NearPort));
        link.FarEnd.Notify(link.FarPort);
        using IEventChannels next = x.Inherit(kept);

        Check.Equal(true, next.Adopt(link.NearPort, x.FarId, link.FarPort));

        Check.Sequence([link.NearPort], ReadAll(next));
        EndAdoption(link);
        next.Notify(link.NearPort);
        Check.Sequence([link.FarPort], ReadAll(link.FarEnd));
        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(next));
    }

    public static void What_was_delivered_before_and_not_unmasked_is_open_after_adoption(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        SafeFileHandle kept = Keep(link.NearEnd);
        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(link.NearEnd, unmask: false));
        link.NearEnd.Dispose();
        using IEventChannels next = x.Inherit(kept);

        Check.Equal(true, next.Adopt(link.NearPort, x.FarId, link.FarPort));
        Check.Equal(0, next.Read(new int[4], 20));
        link.FarEnd.Notify(link.FarPort);

        Check.Sequence([link.NearPort], ReadAll(next));
    }

    public static void Nothing_is_delivered_of_a_port_that_is_not_adopted(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        SafeFileHandle kept = Keep(link.NearEnd);
        link.NearEnd.Dispose();
        using IEventChannels next = x.Inherit(kept);
        link.FarEnd.Notify(link.FarPort);

        Check.Equal(0, next.Read(new int[4], 20));
        next.Unbind(link.NearPort);

        // It is adopted with what came meanwhile lost: whoever adopts looks for himself. What comes after that arrives.
        Check.Equal(true, next.Adopt(link.NearPort, x.FarId, link.FarPort));
        link.FarEnd.Notify(link.FarPort);
        Check.Sequence([link.NearPort], ReadAll(next));
    }

    public static void Only_a_port_that_is_bound_to_that_end_is_adopted_and_only_once(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        using IEventChannels other = x.OpenNear();
        int unused = link.FarEnd.AllocateUnbound(x.NearId);
        SafeFileHandle kept = Keep(link.NearEnd);
        link.NearEnd.Dispose();
        using IEventChannels next = x.Inherit(kept);

        Array.ForEach([-1, 0, 99_999, int.MaxValue], port => Check.Equal(false, next.Adopt(port, x.FarId, link.FarPort)));
        Check.Equal(false, next.Adopt(link.NearPort, x.FarId, unused));
        Check.Equal(false, next.Adopt(link.NearPort, 0x7000, link.FarPort));
        Check.Equal(false, other.Adopt(link.NearPort, x.FarId, link.FarPort));
        Check.Equal((true, false), (next.Adopt(link.NearPort, x.FarId, link.FarPort), next.Adopt(link.NearPort, x.FarId, link.FarPort)));
    }

    public static void Ports_that_nobody_adopts_can_be_unbound_without_being_known(EventChannelsSubject x)
    {
        using Link link = Connect(x);
        (int adopted, int adoptedFar) = Bind(x, link.NearEnd, link.FarEnd);
        (int awaited, int awaitedFar) = Bind(x, link.NearEnd, link.FarEnd);
        SafeFileHandle kept = Keep(link.NearEnd);
        link.NearEnd.Dispose();
        using IEventChannels next = x.Inherit(kept);
        Check.Equal(true, next.Adopt(adopted, x.FarId, adoptedFar));
        Check.Equal(Errno.EINVAL, Check.Refused(() => next.BindInterdomain(x.FarId, link.FarPort)));

        int first = 0;
        do
        {
            first = next.UnbindOthers(first, new HashSet<int> { awaited });
        }
        while (first != 0);

        int bound = next.BindInterdomain(x.FarId, link.FarPort);
        Check.Equal(true, next.Adopt(awaited, x.FarId, awaitedFar));
        Drain(next);
        Array.ForEach([link.FarPort, adoptedFar, awaitedFar], port => link.FarEnd.Notify(port));
        Check.Sequence(new[] { bound, adopted, awaited }.Order(), ReadAll(next).Order());
        next.Wake();
        Check.Equal(0, next.Read(new int[4], Soon));
    }

    public static void A_file_that_is_none_is_refused_and_closed(EventChannelsSubject x)
    {
        SafeFileHandle wrong = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);

        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Inherit(wrong)));

        Check.Equal(true, wrong.IsClosed);
        Check.Equal(Errno.EINVAL, Check.Refused(() => x.Inherit(wrong)));
    }

    // The other side may have seen one event.
    private static void EndAdoption(Link link) => Drain(link.FarEnd);

    // As a service manager does, which has its own.
    private static SafeFileHandle Keep(IEventChannels channels)
    {
        bool added = false;
        SafeHandle descriptor = channels.Descriptor;
        descriptor.DangerousAddRef(ref added);
        try
        {
            return new(Duplicate((int)descriptor.DangerousGetHandle()), ownsHandle: true);
        }
        finally
        {
            descriptor.DangerousRelease();
        }
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);
}

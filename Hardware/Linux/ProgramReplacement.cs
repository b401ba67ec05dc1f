using System.Runtime.InteropServices;
using System.Text;

namespace PciBackFlow.Hardware.Linux;

/// <summary>Turns this process into another program (execve(2)): its id, terminal, streams and environment stay, so do its signals' senders.</summary>
public static unsafe class ProgramReplacement
{
    /// <summary>Runs a program in place of this one, from the calling thread's namespaces. Returns only by throwing.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">What it is told, without its own name.</param>
    /// <exception cref="IOException">It can't be run.</exception>
    public static void Run(string path, IReadOnlyList<string> arguments)
    {
        byte[][] words = [Terminated(path), .. arguments.Select(Terminated)];
        byte*[] pointers = new byte*[words.Length + 1];
        var pins = new System.Runtime.InteropServices.GCHandle[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            pins[i] = System.Runtime.InteropServices.GCHandle.Alloc(words[i], System.Runtime.InteropServices.GCHandleType.Pinned);
            pointers[i] = (byte*)pins[i].AddrOfPinnedObject();
        }

        // An ignored signal stays ignored over execve, and the runtime ignores SIGPIPE: the program would not end when its reader does.
        nint runtimes = LinuxCalls.SetSignal(LinuxCalls.BrokenPipe, 0);
        fixed (byte** vector = pointers)
        {
            _ = LinuxCalls.Execute(pointers[0], vector);
        }

        IOException failure = LinuxCalls.Failure($"cannot run {path}");
        _ = LinuxCalls.SetSignal(LinuxCalls.BrokenPipe, runtimes);
        foreach (GCHandle pin in pins)
        {
            pin.Free();
        }

        throw failure;
    }

    private static byte[] Terminated(string text) => [.. Encoding.UTF8.GetBytes(text), 0];
}

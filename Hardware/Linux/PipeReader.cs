using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary>The other end of a pipe that this process writes into.</summary>
public static unsafe class PipeReader
{
    private const short Failed = 0x8; // POLLERR: a pipe without a reader
    private const short HungUp = 0x10; // POLLHUP: a socket or terminal likewise
    private const int Interrupted = 4; // EINTR

    /// <summary>Blocks until nobody can read any more what is written into a descriptor; for ever, when it is a file.</summary>
    /// <param name="descriptor">An open descriptor.</param>
    /// <returns>False when that cannot be found out.</returns>
    public static bool AwaitEnd(int descriptor)
    {
        LinuxCalls.PolledDescriptor polled = new() { Descriptor = descriptor };
        int count;
        do
        {
            count = LinuxCalls.Poll(&polled, 1, -1);
        }
        while (count == 0 || (count < 0 && Marshal.GetLastPInvokeError() == Interrupted));

        return count > 0 && (polled.Seen & (Failed | HungUp)) != 0;
    }
}

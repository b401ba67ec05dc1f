namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>A mapped page of another domain. Valid until disposed, even if that domain dies.</summary>
public unsafe interface IGrantMapping : IDisposable
{
    /// <summary>The first byte of the page; 4096 bytes are readable and writable.</summary>
    byte* Address { get; }
}

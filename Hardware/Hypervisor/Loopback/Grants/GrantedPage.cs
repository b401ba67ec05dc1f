namespace PciBackFlow.Hardware.Hypervisor.Loopback.Grants;

/// <summary>
/// A page that a domain granted to another: the granting side. The memory lives until this and every mapping of it
/// are disposed. Thread-safe.
/// </summary>
public sealed unsafe class GrantedPage : IDisposable
{
    private readonly LoopbackDomain _domain;
    private readonly LoopbackFrame _page = new();
    private int _revoked;
    private int _disposed;

    internal GrantedPage(LoopbackDomain domain, uint reference, int toDomainId, bool readOnly)
    {
        _domain = domain;
        Reference = reference;
        ToDomainId = toDomainId;
        IsReadOnly = readOnly;
    }

    /// <summary>The grant reference, which the other side maps it by.</summary>
    public uint Reference { get; }

    /// <summary>The domain that may map it.</summary>
    public int ToDomainId { get; }

    /// <summary>True when it may not be mapped for writing.</summary>
    public bool IsReadOnly { get; }

    /// <summary>The first of 4096 bytes, aligned to 4096. Valid until <see cref="Dispose"/>.</summary>
    public byte* Address => _page.Address;

    /// <summary>Ends the grant: it can't be mapped any more. What is mapped stays so. Idempotent.</summary>
    public void Revoke()
    {
        if (Interlocked.Exchange(ref _revoked, 1) == 0)
        {
            _domain.ForgetGrant(Reference);
        }
    }

    /// <summary>Revokes the grant and gives up this side's use of the memory. Idempotent.</summary>
    public void Dispose()
    {
        Revoke();
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _page.Release();
        }
    }

    internal LoopbackFrame? TryMap() => _page.TryAddReference() ? _page : null;
}

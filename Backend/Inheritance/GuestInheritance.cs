using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>
/// What outlives a daemon of the guests it serves, and is nowhere else: that it was this backend that connected them and by which page and port, and the
/// registers that it answers from memory. A file for each, in one directory; written while the guest is served, so that a kill loses nothing. All of it is of
/// one boot of the host: another boot's is forgotten. Thread-safe for different guests and functions; one daemon at a time, as the journal sees to.
/// </summary>
internal sealed partial class GuestInheritance : IDisposable
{
    /// <summary>The directory's name beside the journal.</summary>
    public const string DirectoryName = "guests";

    private const string GuestPrefix = "guest-";
    private const string GuestSuffix = ".json";
    private const string RecoveryPrefix = "recovery-";
    private const string FunctionPrefix = "function-";
    private const string AttributesName = "attributes.json";

    // Of every use of the directory: whoever is late finds it closed, and no other in its place.
    private readonly Lock _lock = new();
    private readonly PrivateDirectory _home;
    private readonly string _boot;
    private readonly Guid _bootId;
    private readonly IDomainControl _domains;
    private readonly ILogger _logger;
    private PcibackSettings? _settings;
    private bool _isClosed;

    private GuestInheritance(PrivateDirectory home, string boot, IDomainControl domains, ILogger logger)
    {
        _home = home;
        _boot = boot;
        _bootId = Guid.TryParse(boot, out Guid id) ? id : default;
        _domains = domains;
        _logger = logger;
    }

    /// <summary>Opens the directory, and forgets what belongs to nobody any more.</summary>
    /// <param name="directory">Where it lies; made when absent.</param>
    /// <param name="boot">This boot's id.</param>
    /// <param name="domains">Who knows which guests live.</param>
    /// <param name="logger">Where it is said what could not be read.</param>
    /// <returns>What is there.</returns>
    /// <exception cref="IOException">The directory is not safe, or cannot be opened.</exception>
    public static GuestInheritance Open(string directory, string boot, IDomainControl domains, ILogger logger)
    {
        GuestInheritance opened = new(PrivateDirectory.Claim(directory), boot, domains, logger);
        opened.ForgetTheDead();
        return opened;
    }

    /// <summary>Notes that a guest is connected. Before its frontend is told.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="keys">What it was connected by.</param>
    /// <param name="failed">Its functions whose errors it has not got over.</param>
    /// <exception cref="HypervisorException">Nobody knows the guest, or it could not be written: then it must not be connected.</exception>
    public void Leave(GuestId guest, FrontendKeys keys, IReadOnlyList<PciAddress> failed)
    {
        var left = LeftGuest.Of(_boot, guest, LifeOf(guest.DomainId), keys, failed);
        try
        {
            Replace(NameOf(guest), JsonSerializer.SerializeToUtf8Bytes(left, InheritanceJson.Default.LeftGuest));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HypervisorException(Errno.EIO, $"it cannot be written down that the guest is connected: {_home.Explain(e)}");
        }
    }

    /// <summary>What an earlier daemon left of a guest.</summary>
    /// <returns>Null when it served no such guest: another one had the id, another backend serves it, or nothing can be read.</returns>
    /// <exception cref="HypervisorException">The guest can't be asked for.</exception>
    public LeftGuest? Find(GuestId guest)
    {
        LeftGuest? left = ReadGuest(NameOf(guest));
        return left is not null && _domains.Find(guest.DomainId) is { } domain && left.Life == DomainLife.Of(domain) ? left : null;
    }

    /// <summary>A guest has gone: the next daemon finds nothing of it.</summary>
    public void Forget(GuestId guest) => Delete(NameOf(guest));

    /// <summary>
    /// Notes which step of a recovery is being taken with a guest. What cannot be written is said: the recovery goes on, and ends with this daemon.
    /// </summary>
    public void LeaveRecovery(
        GuestId guest, string phase, int channel, IReadOnlyList<PciAddress> devices, IReadOnlyList<PciAddress> reporting)
    {
        try
        {
            DomainLife life = LifeOf(guest.DomainId);
            LeftRecovery left = new(
                LeftGuest.CurrentFormat, _boot, life.DomainId, life.Handle, guest.DeviceId, phase, channel,
                [.. devices.Select(static device => device.ToString())], [.. reporting.Select(static device => device.ToString())]);
            Replace(RecoveryNameOf(guest), JsonSerializer.SerializeToUtf8Bytes(left, InheritanceJson.Default.LeftRecovery));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HypervisorException)
        {
            LogUnreadable(_logger, RecoveryNameOf(guest), e.Message);
        }
    }

    /// <summary>A recovery has come to its end.</summary>
    public void ForgetRecovery(GuestId guest) => Delete(RecoveryNameOf(guest));

    /// <summary>The recoveries that an earlier daemon began with guests that live.</summary>
    public IReadOnlyList<LeftRecovery> Recoveries()
    {
        string[] names;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            names = [.. _home.Names().Where(IsRecovery)];
        }

        return [.. names.Select(ReadRecovery).OfType<LeftRecovery>()];
    }

    /// <summary>What toolstacks told an earlier daemon through pciback's attributes holds on, and what they write from now on is kept.</summary>
    public void Keep(PcibackSettings settings)
    {
        if (Read(AttributesName, InheritanceJson.Default.LeftAttributes) is { Format: LeftGuest.CurrentFormat } left && left.Boot == _boot)
        {
            settings.Restore(left.Devices);
        }

        _settings = settings;
        settings.Edited += WriteAttributes;
    }

    /// <summary>Registers for a function that a guest gets now.</summary>
    /// <exception cref="IOException">They cannot be kept in a file.</exception>
    /// <exception cref="HypervisorException">Nobody knows the guest.</exception>
    public VirtualRegisters Create(int domainId, PciAddress host, PciAddress guest, int configSize)
    {
        RegisterHeader header = HeaderOf(domainId, host, guest, configSize);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            return RegisterFile.Create(_home.At(NameOf(host)), header);
        }
    }

    /// <summary>The registers of a function that a guest has from an earlier daemon.</summary>
    /// <returns>Null when they are lost, which is said.</returns>
    /// <exception cref="HypervisorException">Nobody knows the guest.</exception>
    public VirtualRegisters? Find(int domainId, PciAddress host, PciAddress guest, int configSize)
    {
        RegisterHeader header = HeaderOf(domainId, host, guest, configSize);
        string? problem;
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                if (RegisterFile.Find(_home.At(NameOf(host)), header, out problem) is { } registers)
                {
                    return registers;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = _home.Explain(e);
        }

        LogLost(_logger, host, domainId, problem!);
        return null;
    }

    /// <summary>Nobody has the function any more.</summary>
    public void Forget(PciAddress host) => Delete(NameOf(host));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _settings?.Edited -= WriteAttributes;
            _home.Dispose();
        }
    }

    private static string NameOf(GuestId guest) => $"{GuestPrefix}{guest.DomainId}-{guest.DeviceId}{GuestSuffix}";

    private static string RecoveryNameOf(GuestId guest) => $"{RecoveryPrefix}{guest.DomainId}-{guest.DeviceId}{GuestSuffix}";

    private static bool IsRecovery(string name) =>
        name.StartsWith(RecoveryPrefix, StringComparison.Ordinal) && name.EndsWith(GuestSuffix, StringComparison.Ordinal);

    private static string NameOf(PciAddress host) => $"{FunctionPrefix}{host}";

    /// <summary>The header that is written before a function's registers.</summary>
    /// <exception cref="HypervisorException">Nobody knows the guest.</exception>
    public RegisterHeader HeaderOf(int domainId, PciAddress host, PciAddress guest, int configSize) =>
        new(_bootId, LifeOf(domainId), host, guest, configSize);

    // What is written last says everything.
    private void WriteAttributes()
    {
        try
        {
            lock (_lock)
            {
                LeftAttributes left = new(LeftGuest.CurrentFormat, _boot, [.. _settings!.All()]);
                Replace(AttributesName, JsonSerializer.SerializeToUtf8Bytes(left, InheritanceJson.Default.LeftAttributes));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It holds for as long as this daemon lives.
            LogUnreadable(_logger, AttributesName, _home.Explain(e));
        }
    }

    private DomainLife LifeOf(int domainId) =>
        DomainLife.Of(_domains.Find(domainId) ?? throw new HypervisorException(Errno.ESRCH, $"there is no domain {domainId}"));

    private LeftGuest? ReadGuest(string name) =>
        Read(name, InheritanceJson.Default.LeftGuest) is { Format: LeftGuest.CurrentFormat } left && left.Boot == _boot ? left : null;

    private LeftRecovery? ReadRecovery(string name) =>
        Read(name, InheritanceJson.Default.LeftRecovery) is { Format: LeftGuest.CurrentFormat } left && left.Boot == _boot ? left : null;

    private T? Read<T>(string name, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            byte[]? bytes = ReadBytes(name);
            return bytes is null ? null : JsonSerializer.Deserialize(bytes, type);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            LogUnreadable(_logger, name, _home.Explain(e));
            return null;
        }
    }

    private byte[]? ReadBytes(string name)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            string path = _home.At(name);
            return File.Exists(path) ? File.ReadAllBytes(path) : null;
        }
    }

    // Always the old one or the new one, whenever who writes is killed.
    private void Replace(string name, byte[] bytes)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            string next = _home.At($"{name}.new");
            File.WriteAllBytes(next, bytes);
            File.Move(next, _home.At(name), overwrite: true);
        }
    }

    // What cannot be read is nobody's either. A guest that can't be asked for is left alone.
    private void ForgetTheDead()
    {
        foreach (string name in _home.Names())
        {
            try
            {
                if (!IsOfTheLiving(name))
                {
                    Delete(name);
                }
            }
            catch (Exception e) when (e is HypervisorException or (IOException and not UnsafeDirectoryException) or UnauthorizedAccessException)
            {
                LogUnreadable(_logger, name, e.Message);
            }
        }
    }

    private bool IsOfTheLiving(string name)
    {
        if (name.StartsWith(GuestPrefix, StringComparison.Ordinal) && name.EndsWith(GuestSuffix, StringComparison.Ordinal))
        {
            return ReadGuest(name) is { } left && _domains.IsThere(left.Life);
        }

        if (IsRecovery(name))
        {
            return ReadRecovery(name) is { } left && _domains.IsThere(left.Life);
        }

        if (name == AttributesName)
        {
            return true;
        }

        return name.StartsWith(FunctionPrefix, StringComparison.Ordinal)
            && RegisterHeader.Read(ReadBytes(name), out RegisterHeader header, out _) is null
            && header.Boot == _bootId && _domains.IsThere(header.Life);
    }

    private void Delete(string name)
    {
        try
        {
            lock (_lock)
            {
                if (!_isClosed)
                {
                    File.Delete(_home.At(name));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its life is in it: nobody takes it for another's.
            LogUnreadable(_logger, name, e.Message);
        }
    }

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning,
        Message = "{Host}: what domain {DomainId} had written to its virtual registers is lost: {Problem}")]
    private static partial void LogLost(ILogger logger, PciAddress host, int domainId, string problem);

    [LoggerMessage(EventId = 32, Level = LogLevel.Warning, Message = "{Name}, for the next daemon, cannot be used: {Problem}")]
    private static partial void LogUnreadable(ILogger logger, string name, string problem);
}

using PciBackFlow.Backend.Plans;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Grants;

/// <summary>A grant in the journal around the step that gives it: an intent before, what was really given after.</summary>
/// <typeparam name="T">What the step works on.</typeparam>
/// <param name="kind">What is granted.</param>
/// <param name="device">The device it is a grant of.</param>
/// <param name="intended">What is to be given, as far as it is known.</param>
internal sealed class GrantNote<T>(GrantKind kind, Func<T, Granting> device, Func<T, Grant> intended) : IStepNote<T>
{
    /// <inheritdoc/>
    public string Name => kind.ToString();

    /// <inheritdoc/>
    public void Begin(T subject)
    {
        Granting granting = device(subject);
        (granting.Entry, granting.Given) = (null, null);
        granting.Entry = Written(() => granting.Services.Journal.Begin(granting.Life, granting.Device, GrantOwner.Us, intended(subject)));
    }

    /// <inheritdoc/>
    public void Complete(T subject)
    {
        Granting granting = device(subject);
        granting.Entry = Written(() => granting.Services.Journal.Complete(granting.Entry!, granting.Given));
    }

    /// <inheritdoc/>
    /// <remarks>Refused is not given: revoking it could take what xl gave (EBUSY also means "has it already").</remarks>
    public void Refused(T subject, Exception failure)
    {
        Granting granting = device(subject);
        if (failure is HypervisorException)
        {
            granting.Services.Journal.Close(granting.Entry!);
        }
    }

    private static JournalEntry Written(Func<JournalEntry> write)
    {
        try
        {
            return write();
        }
        catch (IOException e)
        {
            throw new IOException($"the journal cannot be written: {e.Message}", e);
        }
    }
}

namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>A program that can be killed. Whoever acts on the world for it does so through this. From then on nothing is done any more.</summary>
internal interface IMortal
{
    /// <summary>Has an effect on the world.</summary>
    T Effect<T>(Func<T> effect);

    /// <summary>Looks at the world.</summary>
    T Look<T>(Func<T> look);

    /// <summary>Ends who calls when the program is dead.</summary>
    void ThrowIfDead();
}

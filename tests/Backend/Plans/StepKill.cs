using PciBackFlow.Backend.Plans;

namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>
/// kill -9 for who carries out a plan, told by the plan's own table: before a step, after it, or at one of the effects on the world that it has. Who acts on the world asks
/// at each effect. From then on nothing is done any more, undoing included.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="step">The step's name.</param>
/// <param name="moment">0: before the step. n: at its n-th effect; when it has fewer, after it.</param>
internal sealed class StepKill(string plan, string step, int moment) : IPlanObserver
{
    private int _effects;
    private bool _isWithin;

    public bool IsDead { get; private set; }

    /// <summary>Whether the step was reached.</summary>
    public bool IsReached { get; private set; }

    /// <summary>Whether the step was over when it died: a later moment of the step is none.</summary>
    public bool WasAfter { get; private set; }

    /// <summary>What is done at the moment of death.</summary>
    public Action OnDeath { get; init; } = static () => { };

    public void Before(IPlan planned, IStep taken)
    {
        ThrowIfDead();
        if (!Is(planned, taken) || IsReached)
        {
            return;
        }

        (IsReached, _isWithin) = (true, true);
        if (moment == 0)
        {
            Die();
        }
    }

    public void After(IPlan planned, IStep taken)
    {
        ThrowIfDead();
        if (Is(planned, taken) && _isWithin)
        {
            WasAfter = true;
            Die();
        }
    }

    /// <summary>An effect on the world is about to happen.</summary>
    public void Effect()
    {
        ThrowIfDead();
        if (_isWithin && ++_effects == moment)
        {
            Die();
        }
    }

    public void ThrowIfDead()
    {
        if (IsDead)
        {
            throw new KilledException();
        }
    }

    private bool Is(IPlan planned, IStep taken) => planned.Name == plan && taken.Name == step;

    private void Die()
    {
        IsDead = true;
        OnDeath();
        throw new KilledException();
    }
}

using PciBackFlow.Backend.Plans;

namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>
/// kill -9 for who carries out a plan, told by the plan's own table: before a step, before or after one of the effects on the world that it
/// has, or after it. Who acts on the
/// world does so through this. From then on nothing is done any more, undoing included. Thread-safe.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="step">The step's name.</param>
/// <param name="moment">0: before the step. 2n - 1 and 2n: before and after its n-th effect. When it has fewer: after the step.</param>
internal sealed class StepKill(string plan, string step, int moment) : IPlanObserver, IMortal
{
    private readonly Lock _lock = new();
    private int _effects;
    private bool _isWithin;

    /// <summary>The plan it is killed in.</summary>
    public string Plan => plan;

    /// <summary>The step it is killed at.</summary>
    public string Step => step;

    /// <summary>The moment it is killed at.</summary>
    public int Moment => moment;

    /// <summary>Whether it is dead.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Whether the step was reached.</summary>
    public bool IsReached { get; private set; }

    /// <summary>Whether the step was over when it died: a later moment of the step is none.</summary>
    public bool WasAfter { get; private set; }

    /// <summary>What is done at the moment of death.</summary>
    public Action OnDeath { get; set; } = static () => { };

    public void Before(IPlan planned, IStep taken)
    {
        lock (_lock)
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
    }

    public void After(IPlan planned, IStep taken)
    {
        lock (_lock)
        {
            ThrowIfDead();
            if (Is(planned, taken) && _isWithin)
            {
                WasAfter = true;
                Die();
            }
        }
    }

    /// <summary>Has an effect on the world.</summary>
    public T Effect<T>(Func<T> effect)
    {
        lock (_lock)
        {
            ThrowIfDead();
            bool isCounted = _isWithin;
            if (isCounted && moment == ++_effects * 2 - 1)
            {
                Die();
            }

            T result = effect();
            if (isCounted && moment == _effects * 2)
            {
                Die();
            }

            return result;
        }
    }

    /// <summary>Looks at the world.</summary>
    public T Look<T>(Func<T> look)
    {
        ThrowIfDead();
        return look();
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

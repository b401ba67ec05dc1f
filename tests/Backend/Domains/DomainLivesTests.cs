using PciBackFlow.Backend.Domains;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;

namespace PciBackFlow.Backend.Tests.Domains;

/// <summary>Which life of a domain an answer of the hypervisor's is about, and what may be done in its name.</summary>
public sealed class DomainLivesTests : IDisposable
{
    private const int Id = 5;
    private static readonly Guid Guest = new("11111111-2222-3333-4444-555555555555");
    private static readonly DomainLife Life = new(Id, Guest);

    private readonly LoopbackHost _host = new();
    private readonly IDomainControl _domains;

    public DomainLivesTests() => _domains = _host.BackendView.OpenDomainControl();

    /// <summary>What happened to the domain; how far its life is; alive, there; what it is to who serves it, whichever life it is.</summary>
    public static TheoryData<string, LifeStage, bool, bool, DomainStanding> Rows => new()
    {
        { "nothing", LifeStage.Gone, false, false, DomainStanding.Gone },
        { "created", LifeStage.Alive, true, true, DomainStanding.Served },
        { "created paused", LifeStage.Alive, true, true, DomainStanding.Served },
        { "created halted", LifeStage.Halted, false, true, DomainStanding.Ended },
        { "created dying", LifeStage.Dying, false, true, DomainStanding.Gone },
        { "created halted dying", LifeStage.Dying, false, true, DomainStanding.Gone },
        { "created destroyed", LifeStage.Gone, false, false, DomainStanding.Gone },
        { "created destroyed replaced", LifeStage.Replaced, false, false, DomainStanding.Served },
        { "created destroyed replaced halted", LifeStage.Replaced, false, false, DomainStanding.Ended },
        { "created destroyed replaced dying", LifeStage.Replaced, false, false, DomainStanding.Gone },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_life_is_told_from_another_with_its_id(string story, LifeStage stage, bool isAlive, bool isThere, DomainStanding standing)
    {
        foreach (string step in story.Split(' '))
        {
            Tell(step);
        }

        Assert.Equal(stage, _domains.StageOf(Life));
        Assert.Equal(isAlive, _domains.IsAlive(Life));
        Assert.Equal(isAlive, _domains.FindAlive(Life)?.Handle == Guest);
        Assert.Equal(isThere, _domains.IsThere(Life));
        Assert.Equal(standing, _domains.StandingOf(Id));
    }

    [Fact]
    public void Every_domain_is_served_where_nobody_knows_them() => Assert.Equal(DomainStanding.Served, DomainLives.StandingOf(null, Id));

    [Fact]
    public void A_rebooted_guest_is_the_same_guest_in_another_life()
    {
        DomainLife rebooted = new(Id + 1, Guest);
        DomainLife stranger = new(Id, Guid.NewGuid());

        Assert.True(rebooted.IsSameGuestAs(Life));
        Assert.True(rebooted.IsAnotherLifeOf(Life));
        Assert.True(Life.IsSameGuestAs(Life));
        Assert.False(Life.IsAnotherLifeOf(Life));
        Assert.False(stranger.IsSameGuestAs(Life));
        Assert.False(stranger.IsAnotherLifeOf(Life));
    }

    public void Dispose() => _domains.Dispose();

    private void Tell(string step)
    {
        switch (step)
        {
            case "created":
                _host.CreateDomain(Id, Guest);
                break;
            case "replaced":
                _host.CreateDomain(Id);
                break;
            case "paused":
                _domains.Pause(Id);
                break;
            case "halted":
                _host.ShutDown(Id);
                break;
            case "dying":
                _host.BeginDestroy(Id);
                break;
            case "destroyed":
                _host.DestroyDomain(Id);
                break;
        }
    }
}

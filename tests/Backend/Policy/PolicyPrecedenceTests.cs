using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Policy;

/// <summary>Every place that can say something about a policy beside every other: the later row of the table stands over the earlier.</summary>
public sealed class PolicyPrecedenceTests
{
    private static readonly PciAddress Function = PciAddress.Parse("03:00.0");
    private static readonly PciAddress Other = PciAddress.Parse("04:00.0");

    // How each place is made to say all it can. A row without one fails the test.
    private static readonly Dictionary<PolicyPlace, Action<Said>> Speakers = new()
    {
        [PolicyPlace.BuiltIn] = static _ => { },
        [PolicyPlace.VerbOption] = static said => said.Sources = said.Sources with
        {
            VerbOption = PolicyStatement.Of(PolicyProfile.Permissive, new(SettingSource.Verb, "--permissive")),
        },
        [PolicyPlace.General] = static said => said.Sources = said.Sources with { General = File("general.json", PolicyProfile.Strict) },
        [PolicyPlace.DeviceEntry] = static said => said.Sources = said.Sources with
        {
            Devices = new([(DeviceSelector.Of(Function), File("device.json", PolicyProfile.QemuXen))]),
        },
        [PolicyPlace.Attributes] = static said =>
        {
            said.Sources.Attributes.SetPermissive(Function);
            said.Sources.Attributes.AllowInterruptControl(Function);
            said.Sources.Attributes.AddQuirk(Function, new(0x60, 4, 0xFF, new(SettingSource.DriverParameter, "quirks attribute")));
        },
        [PolicyPlace.Quirks] = static said => said.Sources = said.Sources with { Quirks = new(["03:00.0-64:4:ff"]) },
        [PolicyPlace.ToolstackOptions] = static said => said.Options = ToolstackOptions.Parse("opts-1", "permissive=1"),
    };

    public static TheoryData<PolicyPlace, PolicyPlace> Pairs()
    {
        TheoryData<PolicyPlace, PolicyPlace> pairs = [];
        PolicyPlace[] places = [.. PolicyPrecedence.Rows.Select(static row => row.Place)];
        for (int weaker = 0; weaker < places.Length; weaker++)
        {
            for (int stronger = weaker + 1; stronger < places.Length; stronger++)
            {
                pairs.Add(places[weaker], places[stronger]);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_places_the_later_in_the_table_stands_over_the_earlier(PolicyPlace weaker, PolicyPlace stronger)
    {
        AccessPolicy below = Resolve(weaker);
        AccessPolicy above = Resolve(stronger);

        // In whatever order they were said.
        foreach (AccessPolicy both in new[] { Resolve(weaker, stronger), Resolve(stronger, weaker) })
        {
            Assert.Equal(Stronger(above.Profile, below.Profile), both.Profile);
            Assert.Equal(Stronger(above.AllowInterruptControl, below.AllowInterruptControl), both.AllowInterruptControl);
            Assert.Equal(Stronger(above.AllowFunctionReset, below.AllowFunctionReset), both.AllowFunctionReset);
            Assert.Equal(Stronger(above.AllowPowerStates, below.AllowPowerStates), both.AllowPowerStates);
            Assert.Equal(Stronger(above.HideUnusable, below.HideUnusable), both.HideUnusable);
            Assert.Equal(Stronger(above.AnswerTuning, below.AnswerTuning), both.AnswerTuning);
            Assert.Equal(Stronger(above.Rom, below.Rom), both.Rom);
            Assert.Equal(Stronger(above.OnError, below.OnError), both.OnError);
            Assert.Equal([.. below.Rules, .. above.Rules], both.Rules);
            Assert.Equal([.. below.Quirks, .. above.Quirks], both.Quirks);
            Assert.Equal([.. below.HiddenCapabilities, .. above.HiddenCapabilities], both.HiddenCapabilities);
        }
    }

    [Fact]
    public void The_table_has_every_place_once_and_in_the_order_of_its_numbers() =>
        Assert.Equal(Enum.GetValues<PolicyPlace>(), PolicyPrecedence.Rows.Select(static row => row.Place));

    [Fact]
    public void Every_place_but_the_first_says_something_and_what_is_said_of_one_device_is_said_of_no_other()
    {
        foreach (PolicyPlace place in Enum.GetValues<PolicyPlace>().Skip(1))
        {
            Said said = new();
            Speakers[place](said);

            Assert.NotEqual(AccessPolicy.Default, said.Resolve(Function));
            bool isOfOneDevice = place is PolicyPlace.DeviceEntry or PolicyPlace.Attributes or PolicyPlace.Quirks;
            Assert.Equal(isOfOneDevice, said.Resolve(Other) == AccessPolicy.Default);
        }
    }

    [Fact]
    public void The_documentation_prints_the_table()
    {
        string page = System.IO.File.ReadAllText(Path.Combine(Root(), "docs", "filter.md"));
        foreach (PolicyPrecedence.Row row in PolicyPrecedence.Rows)
        {
            Assert.Contains($"\n| {(int)row.Place} | {row.Who} | {row.Says} |\n", page, StringComparison.Ordinal);
        }
    }

    private static Setting<T> Stronger<T>(Setting<T> above, Setting<T> below) => above.Origin.Source == SettingSource.BuiltIn ? below : above;

    private static AccessPolicy Resolve(params PolicyPlace[] places)
    {
        Said said = new();
        foreach (PolicyPlace place in places)
        {
            Speakers[place](said);
        }

        return said.Resolve(Function);
    }

    private static PolicyStatement File(string name, PolicyProfile profile)
    {
        SettingOrigin origin = new(SettingSource.PolicyFile, name);
        return new()
        {
            Profile = new(profile, origin),
            AllowInterruptControl = new(true, origin),
            AllowFunctionReset = new(true, origin),
            AllowPowerStates = new(true, origin),
            HideUnusable = new(false, origin),
            AnswerTuning = new(false, origin),
            Rom = new(RomControl.Off, origin),
            OnError = new(ErrorRemedy.Destroy, origin),
            Rules = [new() { Offset = 0x80, Size = 4, Mask = 0xFF, Origin = origin }],
            HiddenCapabilities = [$"CAP_VPD of {name}"],
        };
    }

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, "PciBackFlow.sln")))
        {
            directory = directory.Parent;
        }

        return directory!.FullName;
    }

    private sealed class Said
    {
        public PolicySources Sources { get; set; } = new();

        public ToolstackOptions? Options { get; set; }

        public AccessPolicy Resolve(PciAddress function) => new PolicyResolver(Sources).Resolve(function, Options);
    }
}

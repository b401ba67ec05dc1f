using System.Text.Json.Nodes;
using PciBackFlow.Backend.Control.Inspection;
using PciBackFlow.Backend.Failures;

namespace PciBackFlow.Backend.Tests.Control.Inspection;

/// <summary>Paths into the live tree.</summary>
public sealed class LiveNodeTests
{
    private int _opened;

    [Theory]
    [InlineData("", """{"a":{"x":1,"y":[10,{"z":true}],"own":"more"},"dear":0}""")]
    [InlineData("a", """{"x":1,"y":[10,{"z":true}],"own":"more"}""")]
    [InlineData("a/x", "1")]
    [InlineData("/a//y/1/z/", "true")]
    [InlineData("a/own", "\"more\"")]
    public void A_path_selects_a_part(string path, string json) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), Tree().Find(path)));

    [Fact]
    public void What_is_not_asked_for_is_not_made()
    {
        Tree().Find("a/x");

        Assert.Equal(0, _opened);
    }

    [Theory]
    [InlineData("b", "there is no 'b' in the tree; there is a, dear")]
    [InlineData("a/y/2", "there is no '2' in y; there is 0, 1")]
    [InlineData("a/x/q", "there is no 'q' in x; there is nothing")]
    public void A_path_that_leads_nowhere_is_told_what_there_is(string path, string message)
    {
        BackendException failure = Assert.Throws<BackendException>(() => Tree().Find(path));

        Assert.Equal((BackendFailure.Failed, message), (failure.Failure, failure.Message));
    }

    private LiveNode Tree() => LiveNode.Of(
        ("a", static () => LiveNode.Of(
            JsonNode.Parse("""{"x":1,"y":[10,{"z":true}],"own":"less"}"""), ("own", static () => LiveNode.Of(JsonValue.Create("more"))))),
        ("dear", () =>
        {
            _opened++;
            return LiveNode.Of(JsonValue.Create(0));
        }));
}

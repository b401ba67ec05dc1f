using System.Diagnostics;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Hardware.Tests.Linux;

public sealed class PrivateDirectoryTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void One_that_is_not_there_is_made_for_this_user_alone()
    {
        using var made = PrivateDirectory.Claim(_folder["new/run"]);

        Assert.Equal(_folder["new/run"], made.Path);
        Assert.Equal(Owner, File.GetUnixFileMode(made.Path));
    }

    [Fact]
    public void What_is_opened_in_it_lies_in_it_even_when_another_lies_at_its_path_by_then()
    {
        using var held = PrivateDirectory.Claim(_folder["run"]);
        Directory.Move(held.Path, _folder["moved"]);
        Directory.CreateDirectory(held.Path);

        File.WriteAllText(held.At("pid"), "1");

        Assert.True(File.Exists(Path.Combine(_folder["moved"], "pid")));
        Assert.Empty(Directory.GetFileSystemEntries(held.Path));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void One_that_others_may_write_into_is_refused_with_the_remedy(UnixFileMode others)
    {
        Directory.CreateDirectory(_folder["run"]);
        File.SetUnixFileMode(_folder["run"], Owner | others);

        UnsafeDirectoryException refused = Assert.Throws<UnsafeDirectoryException>(() => PrivateDirectory.Claim(_folder["run"]));

        Assert.Contains($"chmod go-w {_folder["run"]}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_others_may_read_serves()
    {
        Directory.CreateDirectory(_folder["state"]);
        File.SetUnixFileMode(_folder["state"], Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);

        PrivateDirectory.Open(_folder["state"]).Dispose();
    }

    [Fact]
    public void Somebody_elses_is_refused_and_the_owner_is_named()
    {
        Assert.SkipUnless(PeerCredentials.OwnUser == 0, "only root can give a directory away");
        Directory.CreateDirectory(_folder["run"]);
        using (var chown = Process.Start("chown", ["65534", _folder["run"]]))
        {
            chown.WaitForExit();
        }

        UnsafeDirectoryException refused = Assert.Throws<UnsafeDirectoryException>(() => PrivateDirectory.Claim(_folder["run"]));

        Assert.Contains("belongs to user 65534, not to user 0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_in_its_place_is_refused_wherever_it_leads()
    {
        Directory.CreateDirectory(_folder["target"], Owner);
        Directory.CreateSymbolicLink(_folder["run"], _folder["target"]);

        Assert.Throws<UnsafeDirectoryException>(() => PrivateDirectory.Claim(_folder["run"]));
        Assert.Throws<UnsafeDirectoryException>(() => PrivateDirectory.Claim(_folder["run"] + "/"));
    }

    [Fact]
    public void A_file_in_its_place_is_refused()
    {
        _folder.Write("run", "");

        Assert.Throws<UnsafeDirectoryException>(() => PrivateDirectory.Claim(_folder["run"]));
    }

    [Fact]
    public void A_link_in_place_of_one_of_its_files_is_refused()
    {
        using var held = PrivateDirectory.Claim(_folder["run"]);
        string target = _folder.Write("precious", "x");
        File.CreateSymbolicLink(held.NameOf("pid"), target);

        UnsafeDirectoryException refused = Assert.Throws<UnsafeDirectoryException>(() => held.At("pid"));

        Assert.Contains(held.NameOf("pid"), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_fails_in_it_is_told_with_its_own_path()
    {
        using var held = PrivateDirectory.Claim(_folder["run"]);

        FileNotFoundException missing = Assert.Throws<FileNotFoundException>(() => File.OpenRead(held.At("nothing")));

        Assert.Contains(held.NameOf("nothing"), held.Explain(missing), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}

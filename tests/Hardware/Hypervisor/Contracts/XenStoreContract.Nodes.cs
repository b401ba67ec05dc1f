using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Contracts;

// This part: nodes, their values and permissions, what names they may have.
public static partial class XenStoreContract
{
    public static void What_was_written_is_read_by_every_connection(XenStoreSubject x)
    {
        using IXenStore writer = x.Open();
        using IXenStore reader = x.Open();

        writer.Write($"{x.Scratch}/a/b", "1");

        Check.Equal("1", reader.Read($"{x.Scratch}/a/b"));
        Check.Equal("", reader.Read($"{x.Scratch}/a"));
        Check.Sequence(["b"], reader.Directory($"{x.Scratch}/a"));
        Check.Sequence([], reader.Directory($"{x.Scratch}/a/b"));
    }

    public static void An_absent_node_reads_as_null(XenStoreSubject x)
    {
        using IXenStore store = x.Open();

        Check.Null(store.Read($"{x.Scratch}/no"));
        Check.Null(store.Directory($"{x.Scratch}/no"));
        Check.Null(store.GetPermissions($"{x.Scratch}/no/no"));
    }

    public static void A_directory_is_made_with_its_parents_and_an_existing_node_keeps_its_value(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.MakeDirectory($"{x.Scratch}/x/y");
        Check.Equal("", store.Read($"{x.Scratch}/x/y"));
        store.Write($"{x.Scratch}/x", "kept");

        store.MakeDirectory($"{x.Scratch}/x");

        Check.Equal("kept", store.Read($"{x.Scratch}/x"));
        Check.Sequence(["y"], store.Directory($"{x.Scratch}/x"));
    }

    public static void Removal_is_recursive_and_an_absent_node_needs_only_a_parent(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.Write($"{x.Scratch}/r/s/t", "1");

        store.Remove($"{x.Scratch}/r");
        Check.Null(store.Read($"{x.Scratch}/r/s/t"));
        Check.Null(store.Read($"{x.Scratch}/r"));

        store.Remove($"{x.Scratch}/r");
        Check.Equal(Errno.ENOENT, Check.Refused(() => store.Remove($"{x.Scratch}/r/s")));
    }

    // Xen docs/misc/xenstore.txt: characters, no empty component, no trailing slash, at most 3072 or 2048 characters
    public static void A_malformed_path_is_refused(XenStoreSubject x, string path)
    {
        string probe = path switch
        {
            "3073" => "/" + new string('a', 3072),
            "2049" => new string('a', 2049),
            _ => path,
        };
        using IXenStore store = x.Open();

        // The root is a path, but nothing to remove.
        Check.Equal(Errno.EINVAL, Check.Refused(() => store.Remove(probe)));
        if (path != "/")
        {
            Check.Equal(Errno.EINVAL, Check.Refused(() => store.Read(probe)));
            Check.Equal(Errno.EINVAL, Check.Refused(() => store.Write(probe, "")));
        }
    }

    public static void Every_allowed_character_and_the_longest_path_are_taken(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.Write($"{x.Scratch}/AZaz09-_@", "1");
        Check.Equal("1", store.Read($"{x.Scratch}/AZaz09-_@"));

        // The protocol allows 3072; xenstored's quota path-max is 2048 unless told otherwise (Xen 4.17 and later).
        Check.Null(store.Read(x.Scratch + "/" + new string('a', 2048 - x.Scratch.Length - 1)));
    }

    public static void A_value_that_does_not_fit_a_message_is_refused(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        string path = $"{x.Scratch}/v";

        // /dev/xen/xenbus takes 4096 bytes with the 16-byte header, and the payload is path, NUL, value.
        string longest = new('v', 4080 - path.Length - 1);
        store.Write(path, longest);
        Check.Equal(longest, store.Read(path));
        Check.Equal(Errno.E2BIG, Check.Refused(() => store.Write(path, longest + "v")));
        Check.Equal(longest, store.Read(path));
    }

    public static void Permissions_are_replaced_and_inherited(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        store.MakeDirectory($"{x.Scratch}/p");
        XenStorePermission[] permissions = [new(0, XenStoreAccess.None), new(x.OtherDomainId, XenStoreAccess.Read)];

        store.SetPermissions($"{x.Scratch}/p", permissions);
        store.Write($"{x.Scratch}/p/child", "1");

        Check.Sequence(permissions, store.GetPermissions($"{x.Scratch}/p"));
        Check.Sequence(permissions, store.GetPermissions($"{x.Scratch}/p/child"));
        Check.Equal(Errno.ENOENT, Check.Refused(() => store.SetPermissions($"{x.Scratch}/none", permissions)));
    }

    public static void Text_beyond_ASCII_and_bytes_of_every_kind_are_kept(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        string[] values = ["", " ", "käse 猫 🐈", "a\0b", "line\nline", "\u0001\u007F"];

        foreach (string value in values)
        {
            store.Write($"{x.Scratch}/text", value);
            Check.Equal(value, store.Read($"{x.Scratch}/text"));
        }
    }

    public static void A_directory_that_fills_many_messages_is_listed_whole(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        string[] names = [.. Enumerable.Range(0, 600).Select(i => $"a-rather-long-name-{i:d4}")];
        using (IXenStoreTransaction transaction = store.BeginTransaction())
        {
            foreach (string name in names)
            {
                transaction.Write($"{x.Scratch}/many/{name}", "");
            }

            Check.Sequence(names, transaction.Directory($"{x.Scratch}/many")?.Order(StringComparer.Ordinal));
            Check.True(transaction.Commit());
        }

        Check.Sequence(names, store.Directory($"{x.Scratch}/many")?.Order(StringComparer.Ordinal));
        store.Remove($"{x.Scratch}/many");
        Check.Null(store.Directory($"{x.Scratch}/many"));
    }

    public static void A_relative_path_is_the_domains_own(XenStoreSubject x)
    {
        using IXenStore store = x.Open();
        if (!x.TakesRelativePaths)
        {
            Check.Equal(Errno.EINVAL, Check.Refused(() => store.Read("domid")));
            return;
        }

        string own = $"contract-{Environment.ProcessId}";
        using var events = new Events();
        using IDisposable watch = store.Watch(own, events.Add);
        Check.Equal(own, events.Next());
        store.Write($"{own}/a", "1");

        Check.Equal($"{own}/a", events.Next());
        Check.Equal("1", store.Read($"/local/domain/{x.DomainId}/{own}/a"));
        Check.Sequence(["a"], store.Directory(own));
        store.Remove(own);
        Check.Null(store.Read($"{own}/a"));
    }
}

using System.Collections.Concurrent;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>What every <see cref="IXenStore"/> of a privileged domain does (Xen docs/misc/xenstore.txt).</summary>
public static partial class XenStoreContract
{
    private const int Soon = 10_000;

    /// <summary>All of it.</summary>
    public static IReadOnlyList<ContractCheck<XenStoreSubject>> Checks { get; } =
    [
        ContractCheck.Of<XenStoreSubject>(What_was_written_is_read_by_every_connection),
        ContractCheck.Of<XenStoreSubject>(An_absent_node_reads_as_null),
        ContractCheck.Of<XenStoreSubject>(A_directory_is_made_with_its_parents_and_an_existing_node_keeps_its_value),
        ContractCheck.Of<XenStoreSubject>(Removal_is_recursive_and_an_absent_node_needs_only_a_parent),
        .. ContractCheck.ForEach<XenStoreSubject>(
            A_malformed_path_is_refused,
            ["", "/", "/a//b", "/a/", "/a b", "/a.b", "/ä", "/a:b", "relative/", "@releaseDomain", "3073", "2049"]),
        ContractCheck.Of<XenStoreSubject>(Every_allowed_character_and_the_longest_path_are_taken),
        ContractCheck.Of<XenStoreSubject>(A_value_that_does_not_fit_a_message_is_refused),
        ContractCheck.Of<XenStoreSubject>(Permissions_are_replaced_and_inherited),
        ContractCheck.Of<XenStoreSubject>(A_transaction_is_seen_by_others_only_when_committed),
        ContractCheck.Of<XenStoreSubject>(A_transaction_that_is_not_committed_changes_nothing),
        ContractCheck.Of<XenStoreSubject>(An_ended_transaction_takes_nothing_more),
        .. ContractCheck.ForEach<XenStoreSubject>(
            A_transaction_conflicts_when_what_it_used_was_changed_meanwhile,
            ["read", "read absent", "directory", "write", "remove subtree", "permissions"]),
        ContractCheck.Of<XenStoreSubject>(A_transaction_does_not_conflict_with_changes_elsewhere),
        ContractCheck.Of<XenStoreSubject>(Concurrent_transactions_that_retry_on_conflict_lose_no_update),
        ContractCheck.Of<XenStoreSubject>(A_watch_fires_at_once_with_its_own_path),
        ContractCheck.Of<XenStoreSubject>(A_watch_fires_for_the_node_and_everything_below_it_and_for_nothing_else),
        ContractCheck.Of<XenStoreSubject>(Removing_an_ancestor_fires_the_watched_path_itself),
        ContractCheck.Of<XenStoreSubject>(A_transaction_fires_when_it_is_committed_once_for_each_path),
        ContractCheck.Of<XenStoreSubject>(A_burst_may_be_merged_but_its_last_value_is_seen),
        ContractCheck.Of<XenStoreSubject>(Events_of_one_connection_come_in_the_order_of_the_changes_on_one_thread),
        ContractCheck.Of<XenStoreSubject>(A_callback_may_use_the_store_and_add_and_end_watches),
        ContractCheck.Of<XenStoreSubject>(No_callback_runs_once_a_watch_is_disposed),
        ContractCheck.Of<XenStoreSubject>(A_disposed_connection_calls_nothing_back),
        .. ContractCheck.ForEach<XenStoreSubject>(Special_names_are_watched_like_paths, ["@releaseDomain", "@introduceDomain"]),
        ContractCheck.Of<XenStoreSubject>(Text_beyond_ASCII_and_bytes_of_every_kind_are_kept),
        ContractCheck.Of<XenStoreSubject>(A_directory_that_fills_many_messages_is_listed_whole),
        ContractCheck.Of<XenStoreSubject>(Many_threads_ask_over_one_connection_and_each_gets_its_own_answer),
        ContractCheck.Of<XenStoreSubject>(Watches_come_and_go_over_one_connection_while_threads_ask_and_callbacks_ask),
        ContractCheck.Of<XenStoreSubject>(A_relative_path_is_the_domains_own),
        .. ContractCheck.ForEach<XenStoreSubject>(A_malformed_watch_is_refused, ["@nothing", "/a//b", ""]),
    ];

    /// <summary>Watch events in the order of their arrival.</summary>
    public sealed class Events : IDisposable
    {
        private readonly BlockingCollection<string> _events = [];

        public void Add(string path) => _events.Add(path);

        public string Next() => _events.TryTake(out string? path, Soon) ? path : throw new TimeoutException("no watch event came");

        public bool Any() => _events.TryTake(out _, 20);

        public void Dispose()
        {
            // Not disposed: an event under way may still be added.
        }
    }
}

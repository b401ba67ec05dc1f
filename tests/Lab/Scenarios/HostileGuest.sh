# One guest works; in the other the scenario plays a frontend that writes whatever it likes. What its keys say is written from dom0, which is the same to the backend;
# what they refer to, pages and ports, is made by a program in the guest, which then goes on to misuse them.

frontend() { echo /local/domain/$(domid bad)/device/pci/0; }
backend() { echo /local/domain/0/backend/pci/$(domid bad)/0; }
error_node() { echo /local/domain/0/error/backend/pci/$(domid bad)/0/error; }
said_so() { xenstore-read "$(error_node)" 2> /dev/null | grep -qE -e "$1"; }
backend_is() { xenstore-read "$(backend)/state" 2> /dev/null | grep -qxE "$1"; }

# offers STATE KEY=VALUE...: a new life of the frontend with these keys.
offers() {
  local at=$(frontend) pair
  xenstore-write $at/state 6
  within 15 backend_is 6 || fail "the backend does not close with its frontend: state $(xenstore-read "$(backend)/state")"
  for pair in pci-op-ref event-channel magic; do xenstore-rm $at/$pair 2> /dev/null || true; done
  xenstore-write $at/state 1
  within 15 backend_is '2|3' || fail "the backend does not wait for a frontend that starts again: state $(xenstore-read "$(backend)/state")"
  local last=$1
  shift
  for pair; do xenstore-write -- $at/${pair%%=*} "${pair#*=}"; done
  xenstore-write $at/state $last
}

# refused KEY KEY=VALUE...: with an error node that names this key.
refused() {
  local key=$1
  shift
  note "offered: $*"
  xenstore-rm "$(error_node)" 2> /dev/null || true
  offers 3 "$@"
  within 15 backend_is '5|6' || fail "the backend took '$*': state $(xenstore-read "$(backend)/state")"
  within 5 said_so "$key" || fail "no error node names $key after '$*': $(xenstore-read "$(error_node)" 2> /dev/null)"
  daemon_alive || fail "the daemon ended at '$*'"
}

One_guest_works_and_another_is_hostile() {
  serve
  held $E1000E $NVME
  guest_start good
  runs pcibackflow pci-attach good $E1000E
  guest_does good 'has 1; modprobe e1000e; pings 0000:00:00.0'
  ARGUMENTS=lab.frontend=none guest_start bad
  runs pcibackflow pci-attach --no-wait bad $NVME
  within 15 backend_is '2|3' || fail "backend state $(xenstore-read "$(backend)/state")"
  grep VmRSS /proc/$(cat $STATE/serve.pid)/status | tee $STATE/memory
}

Missing_keys_are_refused() {
  refused pci-op-ref event-channel=5 magic=7
  refused event-channel pci-op-ref=8 magic=7
  refused magic pci-op-ref=8 event-channel=5
}

Keys_that_are_no_numbers_are_refused() {
  refused pci-op-ref pci-op-ref=abc event-channel=5 magic=7
  refused event-channel pci-op-ref=8 event-channel=-1 magic=7
  refused pci-op-ref pci-op-ref= event-channel=5 magic=7
  refused pci-op-ref pci-op-ref=99999999999999999999 event-channel=5 magic=7
  refused event-channel pci-op-ref=8 event-channel=4294967296 magic=7
  refused pci-op-ref pci-op-ref=0x8 event-channel=5 magic=7
  refused pci-op-ref pci-op-ref=$(head -c 3000 /dev/zero | tr '\0' 8) event-channel=5 magic=7
}

# The backend knows where its own directory is, and whose the guest is.
What_its_keys_say_of_the_backend_moves_nothing() {
  kept=$(xenstore-read $(frontend)/backend)
  for elsewhere in /local/domain/0/backend/pci/$(domid good)/0 / ../../0 $(head -c 2000 /dev/zero | tr '\0' x); do
    xenstore-write $(frontend)/backend "$elsewhere" $(frontend)/backend-id $(domid good)
    refused magic pci-op-ref=8 event-channel=5
  done
  xenstore-write $(frontend)/backend "$kept" $(frontend)/backend-id 0
  guest_does good 'pings 0000:00:00.0'
}

References_that_are_not_granted_are_refused() {
  refused 'pci-op-ref|event-channel' pci-op-ref=0 event-channel=5 magic=7
  refused 'pci-op-ref|event-channel' pci-op-ref=511 event-channel=5 magic=7
  refused 'pci-op-ref|event-channel' pci-op-ref=4294967295 event-channel=5 magic=7
}

# The first references and ports of a guest are its console's and xenstore's, granted to dom0 and bound to others there.
What_belongs_to_its_console_and_xenstore_is_refused() {
  for reference in 0 1; do
    for port in 1 2; do refused 'pci-op-ref|event-channel' pci-op-ref=$reference event-channel=$port magic=7; done
  done
  runs xenstore-read /local/domain/$(domid bad)/name
  guest_does bad 'echo its console works'
}

Another_version_of_the_protocol_is_refused() {
  refused magic pci-op-ref=8 event-channel=5 magic=6
  refused magic pci-op-ref=8 event-channel=5 magic=seven
}

# A million are written in the tests of the backend; here each costs a round trip to a real xenstored, beside the daemon's own.
Its_state_written_a_thousand_times_is_survived() { # at most 240 s
  PATIENCE=220 guest_does bad 'labprobe flood device/pci/0/state 1000'
  daemon_alive || fail "the daemon ended"
  runs pcibackflow status
  matches "the guest that is still served" "^ *$(domid bad) +bad " "$(said)"
  guest_does good 'pings 0000:00:00.0'
}

# plays WHAT...: the program in the guest does that.
plays() { guest_does bad "modprobe -a xen-evtchn xen-gntalloc; labprobe frontend $*"; }

# offers_wrongly KEY WHAT: a page or a port of the guest's own that is of no use, beside a good one; an error node names the key.
offers_wrongly() {
  xenstore-rm "$(error_node)" 2> /dev/null || true
  plays $2 $(domid good)
  within 5 said_so "$1" || fail "no error node names $1 after $2: $(xenstore-read "$(error_node)" 2> /dev/null)"
  daemon_alive || fail "the daemon ended at $2"
}

Its_own_pages_are_refused_when_they_cannot_be_used() {
  for page in read-only-page revoked-page page-for-another; do offers_wrongly pci-op-ref $page; done
}

Its_own_ports_are_refused_when_they_cannot_be_bound() {
  for port in bound-port closed-port port-for-another; do offers_wrongly event-channel $port; done
}

After_all_that_it_is_served_and_every_request_is_answered() { # at most 300 s
  PATIENCE=280 plays requests
  guest_does good 'pings 0000:00:00.0'
}

Noise_all_over_its_page_and_events_without_end_are_survived() { # at most 180 s
  PATIENCE=150 plays noise 10
  guest_does good 'pings 0000:00:00.0'
}

Its_page_and_port_may_be_taken_away_at_any_time() {
  for time in 1 2; do plays vanish; done
  daemon_alive || fail "the daemon ended"
  runs pcibackflow status
  matches "the guest that is still served" "^ *$(domid bad) +bad " "$(said)"
  guest_does good 'pings 0000:00:00.0'
}

A_kernels_own_frontend_works_after_all_that() {
  xenstore-write $(frontend)/state 6
  within 15 backend_is 6 || fail "the backend does not close with its frontend: state $(xenstore-read "$(backend)/state")"
  xenstore-write $(frontend)/state 1
  within 15 backend_is '2|3' || fail "the backend does not wait for a frontend that starts again: state $(xenstore-read "$(backend)/state")"
  guest_does bad 'modprobe xen-pcifront; has 1; modprobe nvme; keeps_data 0000:00:00.0 51 2'
}

Its_memory_stays_flat() {
  before=$(tr -dc 0-9 < $STATE/memory)
  after=$(grep VmRSS /proc/$(cat $STATE/serve.pid)/status | tr -dc 0-9)
  note "resident: $before KiB, then $after KiB"
  [ $after -lt $((before + 16384)) ] || fail "resident memory went from $before to $after KiB"
  [ $after -lt 65536 ] || fail "resident memory is $after KiB"
}

Its_log_stays_short() {
  lines=$(wc -l < /var/log/lab/serve.log)
  note "$lines lines"
  [ $lines -lt 2000 ] || fail "the daemon wrote $lines lines: $(cut -c1-60 /var/log/lab/serve.log | sort | uniq -c | sort -rn | head -2 | tr '\n' ';')"
}

The_hostile_guest_ends_and_the_good_one_goes_on() {
  guest_destroy bad
  equal "Xen's owner of it" quarantine "$(owner $NVME)"
  guest_does good 'pings 0000:00:00.0'
  guest_destroy good
  nothing_leaked
  served_by_the_binary
}

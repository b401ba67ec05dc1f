# Thirty-two devices and eight guests: what attach and detach take as they become more, with the daemon restarted between.
PF=0000:01:00.0
GUESTS="1 2 3 4 5 6 7 8"

# virtual NUMBER: the address of a virtual function, from 1.
virtual() { printf '0000:01:%02x.%d' $(($1 / 8)) $(($1 % 8)); }
# Each guest has four in a row.
guest_of() { echo g$((($1 + 3) / 4)); }

# counted WHAT NUMBER COMMAND...: it must succeed. Keeps its seconds, the requests that xenstored was asked meanwhile, by whomever, and the daemon's memory afterwards.
counted() {
  local what=$1 number=$2 from size
  shift 2
  from=$(cut -d' ' -f1 /proc/uptime)
  size=$(wc -c < /var/log/lab/xenstored)
  "$@" > $STATE/out 2> $STATE/err || fail "$what $number: $(tail -2 $STATE/err | tr '\n' ' ')"
  echo "$number $(cut -d' ' -f1 /proc/uptime) $from $(tail -c +$((size + 1)) /var/log/lab/xenstored | grep -cE '(^| )IN ') $(awk '/^VmRSS/ { print $2 }' /proc/$(cat $STATE/serve.pid)/status)" \
    | awk '{ printf "%d %.2f %d %d\n", $1, $2 - $3, $4, $5 }' >> $STATE/$what
}

# curve WHAT: what was kept of it.
curve() {
  note "$1: number, seconds, requests to xenstore, the daemon's KiB"
  awk '$1 == 1 || $1 % 4 == 0' $STATE/$1
}
requests_of() { awk -v n="$2" '$1 == n { print $3 }' $STATE/$1; }                             # requests_of WHAT NUMBER

# no_steeper WHAT FIRST LAST: the last one asks at most twice as much of xenstore as the first, which did the same when there was next to nothing else.
no_steeper() {
  [ "$(requests_of $1 $3)" -le $((2 * $(requests_of $1 $2) + 10)) ] || fail "$1: $(requests_of $1 $2) requests to xenstore for number $2, $(requests_of $1 $3) for number $3"
}

The_host_makes_thirty_two_virtual_functions() { # at most 300 s
  modprobe nvme
  within 20 test -e /sys/bus/pci/devices/$PF/nvme || fail "no driver at $PF"
  controller=$(ls /sys/bus/pci/devices/$PF/nvme)
  nvme virt-mgmt /dev/$controller -c 0 -r 0 -a 1 -n 0
  nvme virt-mgmt /dev/$controller -c 0 -r 1 -a 1 -n 0
  nvme reset /dev/$controller
  for secondary in $(seq 32); do
    nvme virt-mgmt /dev/$controller -c $secondary -r 0 -a 8 -n 2 > $STATE/out
    nvme virt-mgmt /dev/$controller -c $secondary -r 1 -a 8 -n 2 > $STATE/out
  done
  echo 0 > /sys/bus/pci/devices/$PF/sriov_drivers_autoprobe
  echo 32 > /sys/bus/pci/devices/$PF/sriov_numvfs
  for secondary in $(seq 32); do nvme virt-mgmt /dev/$controller -c $secondary -a 9 > $STATE/out; done
  equal "functions of the card" 33 "$(ls -d /sys/bus/pci/devices/0000:01:* | wc -l)"
  xen_state > $STATE/baseline
}

All_of_them_become_assignable() { # at most 300 s
  serve
  for number in $(seq 32); do counted add $number pcibackflow pci-assignable-add $(virtual $number); done
  curve add
  no_steeper add 1 32
  runs pcibackflow pci-assignable-list
  equal "assignable devices" 32 "$(wc -l < $STATE/out)"
}

Eight_guests_get_four_each() { # at most 600 s
  for guest in $GUESTS; do guest_start g$guest; done
  for number in $(seq 32); do counted attach $number pcibackflow pci-attach $(guest_of $number) $(virtual $number); done
  curve attach
  no_steeper attach 1 29
  no_steeper attach 4 32
  for guest in $GUESTS; do guest_does g$guest 'has 4'; done
  for number in 1 16 32; do equal "Xen's owner of $(virtual $number)" "d$(domid $(guest_of $number))" "$(owner $(virtual $number))"; done
}

Each_guest_uses_its_own() { # at most 300 s
  for guest in $GUESTS; do guest_does g$guest 'modprobe nvme; disk $(at 1b36:0010); mode $(at 1b36:0010)'; done
}

# Functions that guests have: of each its address in the guest.
functions_served() { pcibackflow status --json 2> /dev/null | grep -cE '^ +"guest": "0000:'; }
all_served() { [ "$(functions_served)" = 32 ]; }

A_daemon_that_follows_a_killed_one_serves_all_of_them() { # at most 200 s
  serve_stop KILL
  serve
  within 60 all_served || fail "$(functions_served) of 32 are served"
  for guest in $GUESTS; do guest_does g$guest 'has 4; setpci -s $(at 1b36:0010 4) VENDOR_ID'; equal "what it reads" 1b36 "$(tail -1 $STATE/out)"; done
}

All_are_detached() { # at most 300 s
  for guest in $GUESTS; do guest_does g$guest 'rmmod nvme'; done
  for number in $(seq 32); do counted detach $number pcibackflow pci-detach $(guest_of $number) $(virtual $number); done
  curve detach
  no_steeper detach 1 29
  no_steeper detach 4 32
  for guest in $GUESTS; do guest_does g$guest 'has 0'; done
}

# The last first, each to the guest that had it: no other may have it while that one lives.
Another_daemon_attaches_them_again() { # at most 400 s
  serve_stop
  serve
  for number in $(seq 32); do counted again $number pcibackflow pci-attach $(guest_of $((33 - number))) $(virtual $((33 - number))); done
  curve again
  for guest in $GUESTS; do guest_does g$guest 'has 4'; done
  guest_does g1 'modprobe nvme; disk $(at 1b36:0010)'
}

The_end_of_all_guests_leaves_nothing() { # at most 200 s
  for guest in $GUESTS; do runs xl destroy g$guest; done
  for guest in $GUESTS; do guest_gone g$guest; done
  nothing_leaked
  for number in 1 16 32; do equal "Xen's owner of $(virtual $number)" quarantine "$(owner $(virtual $number))"; done
}

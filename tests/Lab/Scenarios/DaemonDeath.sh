# The daemon is killed at any moment under guests that use their devices, and another one follows it.

# follow [SIGNAL]: the daemon ends, and another one serves.
follow() { followed kill -${1:-KILL} "$(cat $STATE/serve.pid)"; }

# asks NAME: from now on it reads its functions' configuration over and over, so that the daemon dies in the middle of a request. Under emulation the next one takes
# longer to start than the 2 s that the guest's kernel waits; what it gives up meanwhile reads as all ones.
asks() {
  guest_does "$1" '(while :; do for f in $(functions); do head -c 64 /sys/bus/pci/devices/$f/config; done; done > /dev/null 2>&1 & echo $! > /tmp/asking) < /dev/null'
}

# sees NAME: what it reads of its functions goes to $STATE/out.
sees() { guest_does "$1" 'for f in $(functions); do echo $f; head -c 256 /sys/bus/pci/devices/$f/config | od -A d -v -t x1; done'; }

# sees_the_same NAME: as $STATE/seen has it.
sees_the_same() {
  sees "$1"
  same_files "what $1 reads" $STATE/seen $STATE/out
}

A_guest_that_asks_is_answered_by_the_next() { # at most 240 s
  supervise
  held $E1000E $NVME
  guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  runs pcibackflow pci-attach g1 $NVME
  guest_does g1 'has 2; modprobe -a e1000e nvme; pings $(at 8086:10d3); keeps_data $(at 1b36:0010) 51 2'
  sees g1
  cp $STATE/out $STATE/seen
  asks g1
  follow
  served_by_the_binary
  sleep 3
  sees_the_same g1
  runs pcibackflow pci-list g1
  matches "its devices" "$E1000E" "$(said)"
  runs pcibackflow status
  matches "its messages" 'msi-x' "$(said)"
}

Six_daemons_follow_each_other() { # at most 240 s
  for time in 1 2 3 4 5 6; do
    follow $([ $((time % 3)) = 0 ] && echo TERM || echo KILL)
  done
  sleep 3
  sees_the_same g1
  guest_does g1 'kill $(cat /tmp/asking); pings $(at 8086:10d3); keeps_data $(at 1b36:0010) 52 2'
}

Messages_are_enabled_anew_under_another_daemon() {
  guest_does g1 'rmmod e1000e; modprobe e1000e; pings $(at 8086:10d3)'
  runs pcibackflow pci-detach g1 $E1000E
  guest_does g1 'has 1'
  guest_off g1
  nothing_leaked
}

A_guest_that_died_meanwhile_is_cleaned_up() {
  guest_start g3
  runs pcibackflow pci-attach g3 $E1000E
  guest_does g3 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  touch $STATE/alone
  serve_stop KILL
  guest_destroy g3
  supervise
  nothing_leaked
}

# Daemons follow each other under a guest that asks without a pause, each while the one before serves.

# takes_over [asked]: another daemon, started by hand or by the one that serves, follows that one, which ends by itself; what it says of it goes to $STATE/took.
takes_over() {
  take_over_old=$(cat $STATE/serve.pid)
  if [ "${1:-}" = asked ]; then followed kill -USR2 $take_over_old; else followed started_by_hand; fi
  within 10 ended $take_over_old || fail "the old one does not end"
  cp /run/pcibackflow/pid $STATE/serve.pid
  grep 'took over' /var/log/lab/serve.log | tail -1 > $STATE/took
  note "$(cat $STATE/took)"
}
started_by_hand() { setsid pcibackflow serve --take-over >> /var/log/lab/serve.log 2>&1 < /dev/null & }
# Its own parent may not have taken its end yet.
ended() { [ ! -e /proc/$1/exe ]; }

Five_follow_each_other() { # at most 300 s
  serve
  held $E1000E $NVME
  guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  runs pcibackflow pci-attach g1 $NVME
  guest_does g1 'has 2; modprobe -a e1000e nvme; pings $(at 8086:10d3); keeps_data $(at 1b36:0010) 51 2; dmesg -c > /dev/null'
  guest_does g1 '(while :; do for f in $(functions); do head -c 64 /sys/bus/pci/devices/$f/config; done; done > /dev/null 2>&1 & echo $! > /tmp/asking) < /dev/null'
  for time in 1 2 3 4 5; do
    takes_over $([ $((time % 2)) = 0 ] && echo asked)
    matches "what it says" 'took over: 1 guests' "$(cat $STATE/took)"
    served_by_the_binary
  done
  guest_does g1 'kill $(cat /tmp/asking); dmesg'
  no_match "what its kernel says" 'not responding' "$(cat $STATE/out)"
  guest_does g1 'pings $(at 8086:10d3); keeps_data $(at 1b36:0010) 53 2'
}

One_that_may_not_leaves_the_other_one_serving() {
  mkdir -p -m 700 /tmp/elsewhere
  exits 1 pcibackflow serve --take-over --state /tmp/elsewhere
  matches "why" '/tmp/elsewhere' "$(said)"
  served_by_the_binary
  guest_does g1 'pings $(at 8086:10d3)'
}

Nothing_is_left_of_them() {
  guest_off g1
  nothing_leaked
}

# The daemon is killed at instants that a seed chooses, during attach, message set-up, traffic and detach, again and again.

# random BELOW: sets $random, from a sequence (Park and Miller) that SEED begins and that goes on from case to case: each is a shell of its own.
SEED=$(cat $STATE/seed 2> /dev/null || echo ${SEED:-20261201})
random() {
  SEED=$((SEED * 16807 % 2147483647))
  echo $SEED > $STATE/seed
  random=$((SEED % $1))
}

# killed_within MILLISECONDS: the daemon is killed at an instant in that time, and another one serves when it returns.
killed_within() {
  random $1
  read -r -t $(printf '%d.%03d' $((random / 1000)) $((random % 1000))) _ <> $STATE/never || true
  note "killed after $random ms"
  followed kill -KILL "$(cat $STATE/serve.pid)"
}

# What a client began under the daemon that was killed is done, undone, or can be asked for again.
has_it() { pcibackflow pci-list g1 2> /dev/null | grep -q $E1000E; }
attached() { has_it || pcibackflow pci-attach g1 $E1000E; }
detached() { ! has_it || pcibackflow pci-detach g1 $E1000E; }

# rounds COUNT: four kills each.
rounds() {
  for round in $(seq $1); do
    pcibackflow pci-attach g1 $E1000E > $STATE/attach 2>&1 &
    killed_within 900
    wait $!  || note "the client: $(tail -1 $STATE/attach)"
    within 30 attached || fail "round $round: it cannot be attached: $(pcibackflow pci-attach g1 $E1000E 2>&1 | tail -1)"
    guest_does g1 'has 1'

    in_guest g1 'modprobe e1000e' > $STATE/load 2>&1 &
    killed_within 1500
    wait $! || note "the guest: $(tail -1 $STATE/load)"
    guest_does g1 'pings $(at 8086:10d3) || { rmmod e1000e; modprobe e1000e; pings $(at 8086:10d3); }'

    guest_does g1 '(while :; do head -c 64 /sys/bus/pci/devices/$(functions)/config; done > /dev/null 2>&1 & echo $! > /tmp/asking) < /dev/null'
    killed_within 500
    guest_does g1 'kill $(cat /tmp/asking); pings $(at 8086:10d3); rmmod e1000e'

    pcibackflow pci-detach g1 $E1000E > $STATE/detach 2>&1 &
    killed_within 900
    wait $! || note "the client: $(tail -1 $STATE/detach)"
    within 30 detached || fail "round $round: it cannot be detached: $(pcibackflow pci-detach g1 $E1000E 2>&1 | tail -1)"
    guest_does g1 'has 0'
    equal "round $round: who has the device" quarantine "$(owner $E1000E)"
  done
}

Sixteen_kills_in_four_rounds() { # at most 400 s
  supervise
  held $E1000E
  guest_start g1
  rounds 4
}

Sixteen_more() { # at most 400 s
  rounds 4
}

Twenty_more() { # at most 500 s
  rounds 5
}

Nothing_is_left_of_them() {
  guest_off g1
  nothing_leaked
  note "open in the journal: $(wc -l < /run/pcibackflow/grants.journal) lines"
}

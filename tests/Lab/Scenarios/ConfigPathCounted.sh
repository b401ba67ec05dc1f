# The config path of three backends with an emulator that counts instructions: no time passes but that of executed instructions (ConfigPathCounted.cs).
. /lab/config-path.sh
DEVICES=$E1000E

Each_backend_is_counted() { # at most 1800 s
  for round in $(seq $ROUNDS); do for side in $SIDES; do turn $side $round; done; done
}

# With a time of looking that is longer than the guest takes between two requests, each is found by looking.
Requests_that_are_found_by_looking() { # at most 400 s
  SPIN=1000
  for side in c ours; do
    begin $side
    guest_start g1
    give $side g1 $E1000E
    guest_does g1 'has 1'
    CONFIG=/sys/bus/pci/devices/$(where g1 $E1000E)/config
    calls $side calls_hot
    leave $side g1
    end $side
  done
}

# What the parts cost of which a request of a program consists; only in the log.
Parts_of_a_request_are_counted() {
  for file in /dev/zero /sys/bus/pci/devices/$E1000E/config; do
    runs configread samples $file 4 4 1000 100 /tmp/part
    note "4 bytes of $file read in dom0: $(sort -n /tmp/part | sed -n 501p) ns"
  done
}

Nothing_is_left() {
  nothing_leaked
}

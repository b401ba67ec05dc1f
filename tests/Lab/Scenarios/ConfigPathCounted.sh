# The config path of three backends with an emulator that counts instructions: no time passes but that of executed instructions (ConfigPathCounted.cs).
. /lab/config-path.sh
DEVICES=$E1000E

rounds() { for round in $(seq $ROUNDS); do for side in $SIDES; do turn $side $round; done; done; }

Each_backend_is_counted() { # at most 1800 s
  rounds
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

Nothing_is_left() {
  nothing_leaked
}

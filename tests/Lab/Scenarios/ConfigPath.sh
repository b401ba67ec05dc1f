# The config path of three backends by the clock, with the daemon's defaults.
. /lab/config-path.sh
DEVICES="$E1000E $NVME"

Each_backend_is_timed() { # at most 1800 s
  for round in $(seq $ROUNDS); do for side in $SIDES; do turn $side $round drivers; done; done
}

Nothing_is_left() {
  nothing_leaked
}

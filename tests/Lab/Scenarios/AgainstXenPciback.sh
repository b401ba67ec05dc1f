# The same steps, first with the daemon, then with Linux xen-pciback. A case fails if a step did not work, never because of its time.
GUESTS=$(tr ' ' '\n' < /proc/cmdline | sed -n 's/^lab\.guests=//p')
ROUNDS=3
PORTS_8=0000:00:10.0 PORTS_64=0000:00:11.0 PORTS_128=0000:00:12.0
DEVICES="$E1000E $PORT_E1000E $NVME $PORTS_8 $PORTS_64 $PORTS_128"

# Microseconds; the shell's own clock, without starting a process.
now() { now=$EPOCHREALTIME; now=${now%.*}${now#*.}; }
# figure SIDE WHAT UNIT VALUE
figure() { report "FIGURE $*"; }
milliseconds() { echo $((($2 - $1 + 500) / 1000)); }

tool() { case $1 in ours) echo pcibackflow ;; theirs) echo xl ;; esac; }
backend_of() { echo /local/domain/0/backend/pci/$1/0; }

# entry NODES BDF: the number under which the toolstack wrote the device into the backend's nodes.
entry() { entry=${1%% = \"$2\"*}; [ "$entry" != "$1" ] && entry=${entry##*-}; }

# has_it DOMID BDF: the backend has published the device, and the frontend that has looked for it is connected.
has_it() {
  [ "$(xenstore-read /local/domain/$1/device/pci/0/state 2> /dev/null)" = 4 ] || return 1
  nodes=$(xenstore-ls "$(backend_of $1)" 2> /dev/null)
  entry "$nodes" "$2" || return 1
  case $nodes in *"state-$entry = \"3\""*) return 0 ;; esac
  return 1
}

# note_when_it_has DOMID BDF: writes the moment to $STATE/connected; asks only when xenstore says that the frontend's state was written.
note_when_it_has() {
  while read -r _; do
    if has_it $1 $2; then
      now
      echo $now > $STATE/connected.new
      mv $STATE/connected.new $STATE/connected
      return
    fi
    : > $STATE/watching
  done < $STATE/events
}

# attach SIDE WHAT GUEST BDF
attach() {
  attach_domain=$(domid $3)
  rm -f $STATE/events $STATE/watching $STATE/connected
  mkfifo $STATE/events
  xenstore-watch /local/domain/$attach_domain/device/pci/0/state > $STATE/events &
  attach_watch=$!
  note_when_it_has $attach_domain $4 &
  attach_reader=$!
  within 10 test -e $STATE/watching || fail "no watch"
  now
  attach_from=$now
  $(tool $1) pci-attach $3 $4 > $STATE/out 2>&1 || fail "$1: pci-attach $3 $4: $(tail -2 $STATE/out)"
  now
  attach_returned=$now
  within 60 test -e $STATE/connected || fail "$1: $3 did not get $4: $(xenstore-ls "$(backend_of $attach_domain)" | tr '\n' ' ')"
  kill $attach_watch
  wait $attach_watch $attach_reader || true
  figure $1 "$2,_until_connected" ms $(milliseconds $attach_from "$(cat $STATE/connected)")
  figure $1 "$2,_until_the_command_returns" ms $(milliseconds $attach_from $attach_returned)
}

# detach SIDE WHAT GUEST BDF
detach() {
  detach_domain=$(domid $3)
  now
  detach_from=$now
  $(tool $1) pci-detach $3 $4 > $STATE/out 2>&1 || fail "$1: pci-detach $3 $4: $(tail -2 $STATE/out)"
  while nodes=$(xenstore-ls "$(backend_of $detach_domain)" 2> /dev/null) && entry "$nodes" $4; do sleep 0.01; done
  now
  figure $1 "$2" ms $(milliseconds $detach_from $now)
}

# freed DOMID: Xen has freed the domain, so nobody maps its memory or holds its devices.
freed() { ! xl list $1 > /dev/null 2>&1; }
# nothing_of DOMID: the backend's nodes are gone as well.
nothing_of() { freed $1 && ! xenstore-exists "$(backend_of $1)" 2> /dev/null; }
# ended CONDITION SIDE WHAT DOMID
ended() {
  tries=1200
  until $1 $4; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "$2: domain $4 does not end: $(xl list | tail -n +2 | tr '\n' ' ') $(xenstore-ls "$(backend_of $4)" 2> /dev/null | head -3 | tr '\n' ' ')"
    sleep 0.01
  done
  now
  figure $2 "$3" ms $(milliseconds $end_from $now)
}

hot_plug() {
  MEMORY=256 guest_start g1
  attach $1 "attach_a_guest's_first_device" g1 $E1000E
  guest_does g1 'has 1'
  for round in $(seq $ROUNDS); do
    attach $1 "attach_one_more" g1 $NVME
    guest_does g1 'has 2'
    detach $1 "detach_one_of_two" g1 $NVME
    guest_does g1 'has 1'
  done
}

# vectors_of SIDE DRIVER BDF: the first enabling after each attach, because xen-pciback refuses a second one (Linux's frontend ends MSI-X by op 3, which it takes for MSI).
vectors_of() {
  for round in $(seq $ROUNDS); do
    guest_does g1 'forget_vectors'
    runs $(tool $1) pci-attach g1 $3
    within 30 has_it "$(domid g1)" $3 || fail "$1: g1 did not get $3"
    PATIENCE=150 guest_does g1 "vector_times $(where g1 $3)"
    sed -n 's/^vectors //p' $STATE/out > $STATE/vectors
    while read -r count microseconds; do figure $1 "enable_msix_of_${count}_vectors_($2)" ms "$(echo "$microseconds" | awk '{ printf "%.3f", $1 / 1000 }')"; done < $STATE/vectors
    runs $(tool $1) pci-detach g1 $3
    guest_does g1 'has 1'
  done
}

vectors() {
  PATIENCE=90 guest_does g1 'has 1; modprobe -a e1000e nvme virtio_pci virtio_console; trace_vectors'
  vectors_of $1 nvme $NVME
  vectors_of $1 e1000e $PORT_E1000E
  vectors_of $1 virtio-pci $PORTS_8
  vectors_of $1 virtio-pci $PORTS_64
  vectors_of $1 virtio-pci $PORTS_128
}

destroyed() {
  for guest in $(seq $GUESTS); do
    # The first is the one that hot_plug left, with its device.
    if [ "$guest" != 1 ]; then
      guest_start g$guest
      attach $1 "attach_a_guest's_first_device" g$guest $E1000E
      guest_does g$guest 'has 1; modprobe e1000e; online 0000:00:00.0'
    fi
    end_from_domain=$(domid g$guest)
    now
    end_from=$now
    xl destroy g$guest
    ended nothing_of $1 "xl_destroy_until_nothing_is_left" $end_from_domain
  done
}

halted() {
  for guest in $(seq $GUESTS); do
    guest_start h$guest
    attach $1 "attach_a_guest's_first_device" h$guest $E1000E
    guest_does h$guest 'has 1; modprobe e1000e; online 0000:00:00.0'
    end_from_domain=$(domid h$guest)
    end_console=$(xenstore-read /local/domain/$end_from_domain/console/tty)
    now
    end_from=$now
    printf '0 poweroff -f\n' > $end_console
    # With xen-pciback libxl waits in vain for a backend that has closed with its guest, and leaves the nodes.
    ended freed $1 "power-off_in_the_guest_until_Xen_has_freed_it" $end_from_domain
    [ $1 = theirs ] || within 15 nothing_of $end_from_domain || fail "nodes of domain $end_from_domain are left"
  done
}

memory() { awk -v name="$1:" '$1 == name { printf "%.1f", $2 / 1024 }' /proc/$(cat $STATE/serve.pid)/status; }

The_daemon_starts_and_ends() {
  for round in $(seq $ROUNDS); do
    rm -f $STATE/pipe $STATE/ready
    mkfifo $STATE/pipe
    {
      while read -r line; do [ "$line" != ready ] || { now; echo $now > $STATE/ready; }; done < $STATE/pipe
    } &
    now
    from=$now
    pcibackflow serve > $STATE/pipe 2>&1 &
    echo $! > $STATE/serve.pid
    within 30 test -s $STATE/ready || fail "serve is not ready"
    figure alone "daemon's_start_until_ready" ms $(milliseconds $from "$(cat $STATE/ready)")
    serve_stop
  done
  serve
  served_by_the_binary
  figure alone "daemon's_resident_memory_when_ready" MiB $(memory VmRSS)
}

A_command_alone_takes_its_time() {
  for round in $(seq $ROUNDS); do
    for side in ours theirs; do
      now
      from=$now
      case $side in ours) pcibackflow status > /dev/null ;; theirs) xl list > /dev/null ;; esac
      now
      figure $side "a_command_that_only_asks_(status,_xl_list)" ms $(milliseconds $from $now)
    done
  done
}

The_daemon_attaches_and_detaches() { # at most 400 s
  held $DEVICES
  hot_plug ours
}

The_daemon_enables_vectors() { # at most 600 s
  vectors ours
}

Guests_of_the_daemon_are_destroyed() { # at most 600 s
  destroyed ours
}

Guests_of_the_daemon_halt() { # at most 600 s
  halted ours
  served_by_the_binary
  figure alone "daemon's_resident_memory_after_all_this" MiB $(memory VmRSS)
  figure alone "daemon's_resident_memory_at_most" MiB $(memory VmHWM)
}

The_kernel_backend_takes_over() {
  for device in $DEVICES; do runs pcibackflow pci-assignable-remove $device; done
  serve_stop
  nothing_leaked
  modprobe xen-pciback
  for device in $DEVICES; do runs xl pci-assignable-add $device; done
  runs xl pci-assignable-list
  equal "devices of the kernel's backend" "$(echo $DEVICES | wc -w)" "$(wc -l < $STATE/out)"
}

The_kernel_backend_attaches_and_detaches() { # at most 400 s
  hot_plug theirs
}

The_kernel_backend_enables_vectors() { # at most 600 s
  vectors theirs
}

Guests_of_the_kernel_backend_are_destroyed() { # at most 600 s
  destroyed theirs
}

Guests_of_the_kernel_backend_halt() { # at most 600 s
  halted theirs
}

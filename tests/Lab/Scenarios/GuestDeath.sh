# Guests that end in every way: killed under traffic, crashed, rebooted; and a daemon that ends before its guests.

A_guest_is_destroyed_under_traffic() {
  serve
  held $E1000E $NVME
  guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  runs pcibackflow pci-attach g1 $NVME
  guest_does g1 'has 2; modprobe -a e1000e nvme; traffic $(at 8086:10d3)'
  guest_does g1 'block=$(disk $(at 1b36:0010)); while :; do dd if=/dev/zero of=/dev/$block bs=64k count=256; done > /dev/null 2>&1 & sleep 1'
  guest_destroy g1
  nothing_leaked
  served_by_the_binary
}

Its_devices_work_in_the_next_guest() {
  guest_start g2
  runs pcibackflow pci-attach g2 $E1000E
  runs pcibackflow pci-attach g2 $NVME
  guest_does g2 'has 2; modprobe -a e1000e nvme; pings $(at 8086:10d3)'
  guest_does g2 'keeps_data $(at 1b36:0010) 31 4'
}

A_guest_crashes_under_traffic() {
  guest_does g2 'traffic $(at 8086:10d3)'
  printf '0 echo c > /proc/sysrq-trigger\n' > "$(xenstore-read /local/domain/$(domid g2)/console/tty)"
  guest_gone g2
  nothing_leaked
}

Two_guests_die_at_once() {
  for guest in g3 g4; do guest_start $guest; done
  runs pcibackflow pci-attach g3 $E1000E
  runs pcibackflow pci-attach g4 $NVME
  guest_does g3 'has 1; modprobe e1000e; traffic $(at 8086:10d3)'
  guest_does g4 'has 1; modprobe nvme; keeps_data $(at 1b36:0010) 32 2'
  xl destroy g3 & first=$!
  xl destroy g4 & wait $first $!
  guest_gone g3
  guest_gone g4
  nothing_leaked
}

A_kept_device_returns_after_the_guests_reboot() { # at most 180 s
  ON_REBOOT=restart guest_start g5
  before=$(domid g5)
  runs pcibackflow pci-attach --keep g5 $E1000E
  guest_does g5 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  console_size g5 > $STATE/g5.born
  printf '0 reboot -f\n' > "$(xenstore-read /local/domain/$before/console/tty)"
  guest_up g5 90
  differ "domain id" "$before" "$(domid g5)"
  guest_does g5 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  equal "Xen's owner of it" "d$(domid g5)" "$(owner $E1000E)"
  guest_off g5
  nothing_leaked
}

A_device_not_kept_stays_away_after_a_reboot() { # at most 180 s
  ON_REBOOT=restart guest_start g6
  runs pcibackflow pci-attach g6 $E1000E
  guest_does g6 'has 1'
  console_size g6 > $STATE/g6.born
  printf '0 reboot -f\n' > "$(xenstore-read /local/domain/$(domid g6)/console/tty)"
  guest_up g6 90
  guest_does g6 'sleep 2; has 0'
  guest_off g6
  nothing_leaked
}

A_daemon_that_is_told_to_end_leaves_its_guest_working() {
  guest_start g7
  runs pcibackflow pci-attach g7 $E1000E
  guest_does g7 'has 1; modprobe e1000e; pings $(at 8086:10d3); traffic $(at 8086:10d3)'
  serve_stop
  guest_does g7 'before=$(cat /sys/class/net/e*/statistics/rx_packets); sleep 2; after=$(cat /sys/class/net/e*/statistics/rx_packets); echo $before $after; [ $after -gt $before ]'
  equal "Xen's owner of it" "d$(domid g7)" "$(owner $E1000E)"
  guest_destroy g7
  serve
  served_by_the_binary
}

What_died_while_no_daemon_ran_is_found_and_given_back() {
  nothing_leaked
  runs pcibackflow pci-assignable-list
  matches "assignable devices" "$E1000E" "$(said)"
  guest_start g8
  runs pcibackflow pci-attach g8 $E1000E
  guest_does g8 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  guest_destroy g8
  nothing_leaked
}

A_guest_that_outlived_its_daemon_ends_under_the_next() {
  for guest in g9 g10; do guest_start $guest; done
  runs pcibackflow pci-attach g9 $E1000E
  runs pcibackflow pci-attach g10 $NVME
  guest_does g9 'has 1; modprobe e1000e; pings $(at 8086:10d3); traffic $(at 8086:10d3)'
  serve_stop KILL
  serve
  runs pcibackflow pci-list g9
  matches "its devices" "$E1000E" "$(said)"
  guest_does g9 'before=$(cat /sys/class/net/e*/statistics/rx_packets); sleep 2; after=$(cat /sys/class/net/e*/statistics/rx_packets); echo $before $after; [ $after -gt $before ]'
  guest_off g9
  guest_destroy g10
  nothing_leaked
}

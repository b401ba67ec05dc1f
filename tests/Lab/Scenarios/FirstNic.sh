# What the README promises first: the daemon, a device made assignable, a device attached. Then everything about what the guest reads.

The_daemon_starts_and_is_the_published_binary() {
  serve
  served_by_the_binary
}

A_device_becomes_assignable_and_is_in_quarantine() {
  held $E1000E
  runs pcibackflow pci-assignable-list
  matches "assignable devices" "$E1000E" "$(said)"
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
  # A second time changes nothing.
  held $E1000E
}

A_stock_guest_gets_a_working_NIC() {
  ARGUMENTS=pci=nomsi guest_start g1
  runs pcibackflow pci-attach g1 $(short $E1000E)
  equal "Xen's owner of it" "d$(domid g1)" "$(owner $E1000E)"
  guest_does g1 'has 1; lspci -nn'
  matches "the guest's function" '8086:10d3' "$(said)"
  equal "its address in the guest" 0000:00:00.0 "$(where g1 $E1000E)"
}

The_guest_reads_the_functions_own_bytes_but_for_virtual_registers() {
  lspci -xxxx -s $E1000E | bytes > $STATE/host
  guest_bytes g1 00:00.0 > $STATE/guest
  equal "bytes the guest can read" "$(wc -l < $STATE/host)" "$(wc -l < $STATE/guest)"
  power=$(capability_at $STATE/host 01)
  differ "PM capability" 0 "$power"
  for offset in $(differing $STATE/host $STATE/guest); do
    case $offset in
      4 | 5) ;;                                       # Command: the guest's own copy
      60) ;;                                          # Interrupt Line: the interrupt it gets
      $((power + 3)) | $((power + 5))) ;;             # PME support and enable: never the guest's
      $((power + 4))) ;;                              # Power state and No_Soft_Reset: answered
      *) fail "$(printf 'byte 0x%x' $offset): the host reads $(byte_at $STATE/host $offset), the guest $(byte_at $STATE/guest $offset)" ;;
    esac
  done
  equal "PME support bits" 0 "$((0x$(byte_at $STATE/guest $((power + 3))) & 0xf8))"
  equal "power state (D0) and No_Soft_Reset (1)" 8 "$((0x$(byte_at $STATE/guest $((power + 4))) & 0x0b))"
  equal "PME enable bit" 0 "$((0x$(byte_at $STATE/guest $((power + 5))) & 0x01))"
}

What_guest_view_foretells_is_what_the_guest_reads() {
  as_foretold g1 $E1000E
}

The_base_addresses_in_the_guest_are_the_hosts() {
  equal "memory and ports" "$(head -6 /sys/bus/pci/devices/$E1000E/resource)" "$(in_guest g1 'head -6 /sys/bus/pci/devices/0000:00:00.0/resource')"
}

Its_driver_works_on_the_line_interrupt() {
  guest_does g1 'modprobe e1000e; pings 0000:00:00.0; mode 0000:00:00.0; interrupts 0000:00:00.0'
  matches "mode" '^INTx$' "$(said)"
  differ "interrupts" 0 "$(tail -1 $STATE/out)"
}

A_reloaded_driver_works_again() {
  for turn in 1 2 3; do guest_does g1 'rmmod e1000e; modprobe e1000e; pings 0000:00:00.0'; done
}

Pci_list_shows_it() {
  runs pcibackflow pci-list g1
  matches "header" '^Vdev +Device' "$(head -1 $STATE/out)"
  matches "row" "^00\.0 +$E1000E" "$(said)"
}

The_daemons_status_knows_guest_and_device() {
  runs pcibackflow status
  matches "the function's row" "^$E1000E( \(slow\))? +$(domid g1) g1 +0000:00:00\.0 " "$(said)"
  runs pcibackflow status --json
  matches "status as JSON" "\"$E1000E\"" "$(said)"
}

A_guest_that_powers_off_gives_it_back() {
  guest_off g1
  nothing_leaked
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
}

The_next_guest_finds_it_as_new() {
  ARGUMENTS=pci=nomsi guest_start g2
  runs pcibackflow pci-attach g2 $E1000E
  guest_does g2 'has 1; modprobe e1000e; pings 0000:00:00.0'
  guest_destroy g2
  nothing_leaked
}

It_goes_back_to_the_host() {
  runs pcibackflow pci-assignable-remove $E1000E
  runs pcibackflow pci-assignable-list
  no_match "assignable devices" "$E1000E" "$(said)"
  equal "Xen's owner of it" host "$(owner $E1000E)"
  modprobe e1000e
  equal "the host's driver" e1000e "$(driver_of $E1000E)"
  rmmod e1000e
}

The_daemon_ends_cleanly() {
  serve_stop
  nothing_leaked
}

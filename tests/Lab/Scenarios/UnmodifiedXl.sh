# xl as Debian ships it, in the view that pcibackflow xl gives it.

The_daemon_is_there_and_no_pciback_driver() {
  serve
  served_by_the_binary
  # Alone, xl finds no such driver: it says so, and lists nothing.
  try xl pci-assignable-list || true
  no_match "xl without the view" '^[0-9a-f]{4}:[0-9a-f]{2}:' "$(said)"
}

Xl_makes_a_device_assignable() {
  modprobe e1000e
  equal "driver before" e1000e "$(driver_of $E1000E)"
  runs pcibackflow xl -- pci-assignable-add $(short $E1000E)
  runs pcibackflow xl -- pci-assignable-list
  matches "xl's list" "$E1000E" "$(said)"
  runs pcibackflow pci-assignable-list
  matches "our list" "$E1000E" "$(said)"
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
  # The host's driver has interrupts of its own by now, for the other functions.
  xen_state > $STATE/baseline
}

Xl_lists_what_our_verb_made_assignable() {
  held $NVME
  runs pcibackflow xl -- pci-assignable-list
  matches "xl's list" "$NVME" "$(said)"
}

Xl_creates_a_guest_with_devices() {
  guest_config g1 "pci = [ '$(short $E1000E)', '$(short $NVME)' ]"
  XL="pcibackflow xl --" guest_create g1
  guest_up g1
  guest_does g1 'has 2; lspci -nn; modprobe -a e1000e nvme; pings $(at 8086:10d3)'
  guest_does g1 'keeps_data $(at 1b36:0010) 41 2'
  served_by_the_binary
  equal "Xen's owner of it" "d$(domid g1)" "$(owner $E1000E)"
  equal "Xen's owner of it" "d$(domid g1)" "$(owner $NVME)"
}

Xl_shows_them() {
  runs pcibackflow xl -- pci-list g1
  matches "xl's list" "$E1000E" "$(said)"
  runs pcibackflow pci-list g1
  matches "our list" "$E1000E" "$(said)"
  runs pcibackflow xl -- pci-assignable-list
  no_match "assignable by xl" "$E1000E" "$(said)"
}

It_powers_off_and_nothing_is_left() {
  guest_off g1
  nothing_leaked
}

It_is_created_again() {
  XL="pcibackflow xl --" guest_create g1
  guest_up g1
  guest_does g1 'has 2; modprobe -a e1000e nvme; pings $(at 8086:10d3)'
}

# writes_unlisted NAME: the guest writes 0x44, where this device keeps any value and which no capability claims; what is there before and after.
writes_unlisted() {
  guest_does "$1" 'at=$(at 8086:10d3); setpci -s $at 44.w; setpci -s $at 44.w=1234; setpci -s $at 44.w'
  unlisted=$(tr '\n' ' ' < $STATE/out)
}

A_denied_write_changes_nothing() {
  writes_unlisted g1
  equal "the register before and after a write" '0000 0000 ' "$unlisted"
}

Xl_detaches_and_attaches() {
  runs pcibackflow xl -- pci-detach g1 $(short $E1000E)
  guest_does g1 'has 1'
  runs pcibackflow xl -- pci-attach g1 $(short $E1000E)
  guest_does g1 'has 2; pings $(at 8086:10d3)'
}

# Without nvme's driver: libxl takes a device out of the IOMMU before it asks the guest to let go; that driver waits longer for its controller then than
# libxl does for the guest (10 s), upon which libxl leaves the backend's nodes, and those are its own.
Xl_destroys_it_under_traffic() {
  guest_does g1 'rmmod nvme'
  guest_does g1 'traffic $(at 8086:10d3)'
  runs pcibackflow xl -- destroy g1
  guest_gone g1
  nothing_leaked
}

A_guest_with_its_device_from_xl_reboots() { # at most 180 s
  ON_REBOOT=restart guest_config g2 "pci = [ '$(short $E1000E)' ]"
  XL="pcibackflow xl --" guest_create g2
  guest_up g2
  guest_does g2 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  console_size g2 > $STATE/g2.born
  printf '0 reboot -f\n' > "$(xenstore-read /local/domain/$(domid g2)/console/tty)"
  guest_up g2 90
  guest_does g2 'has 1; modprobe e1000e; pings $(at 8086:10d3)'
  guest_off g2
  nothing_leaked
}

A_permissive_device_is_asked_for_in_xls_words() {
  guest_config g3 "pci = [ '$(short $E1000E),permissive=1' ]"
  XL="pcibackflow xl --" guest_create g3
  guest_up g3
  guest_does g3 'has 1'
  runs pcibackflow status --json
  matches "effective policy" '"permissive"' "$(said)"
  writes_unlisted g3
  equal "the register before and after a write" '0000 1234 ' "$unlisted"
  equal "what the device says in dom0" 1234 "$(setpci -s $E1000E 44.w)"
  guest_destroy g3
  nothing_leaked
}

Xls_exit_code_and_words_are_its_own() {
  try pcibackflow xl -- pci-attach nobody $(short $E1000E) && fail "xl attached to nobody"
  matches "xl's words" 'nobody|domain' "$(said)"
}

Xl_gives_a_device_back_to_its_driver() {
  runs pcibackflow xl -- pci-assignable-remove -r $(short $E1000E)
  equal "the host's driver" e1000e "$(driver_of $E1000E)"
  equal "Xen's owner of it" host "$(owner $E1000E)"
}

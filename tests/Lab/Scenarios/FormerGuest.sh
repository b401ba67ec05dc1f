# Xen asks for permission when a page-table entry is made, not when it is used: what a guest has mapped of a device it reaches until it ends, whatever is taken from it.

REGISTERS=/sys/bus/pci/devices/0000:00:00.0/resource0

# writes_on NAME: its writes are answered, now.
writes_on() {
  guest_does "$1" 'wc -l < /tmp/writes; tail -1 /tmp/writes'
  writes=$(sed -n 1p $STATE/out)
  sleep $((3 * ${SLOWNESS:-1}))
  guest_does "$1" "tail -n +$((writes + 1)) /tmp/writes"
  matches "$1's later writes" ' alive' "$(said)"
  no_match "$1's later writes" ' dead' "$(said)"
}

# has_only NAME NUMBER: what it writes into the register stays there; nobody else writes.
has_only() {
  guest_does "$1" "echo 1 > /sys/bus/pci/devices/0000:00:00.0/enable; labprobe registers keep $REGISTERS $2 5"
  equal "what $1 has read" "has $2" "$(sort -u $STATE/out)"
}

A_guest_maps_the_registers_of_its_device() {
  serve
  held $EDU
  guest_start former
  guest_start next
  ranges former > $STATE/ranges
  runs pcibackflow pci-attach former $EDU
  guest_does former "has 1; echo 1 > /sys/bus/pci/devices/0000:00:00.0/enable; labprobe registers write $REGISTERS 1000 100000 > /tmp/writes 2>&1 &"
  sleep 3
  writes_on former
}

The_device_is_taken_and_its_registers_are_still_reached() {
  runs pcibackflow pci-detach -f former $EDU
  equal "what Xen lets it map and use" "$(cat $STATE/ranges)" "$(ranges former)"
  equal "Xen's owner of it" quarantine "$(owner $EDU)"
  writes_on former
}

So_nobody_else_gets_it() {
  exits 3 pcibackflow pci-attach next $EDU
  matches "the reason" "former-guest.*domain $(domid former) had its memory" "$(cat $STATE/err)"
  exits 3 pcibackflow pci-assignable-remove $EDU
  matches "the reason" "former-guest.*domain $(domid former) had its memory" "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $EDU)"
}

Not_after_a_kill_of_the_daemon_either() {
  serve_stop KILL
  serve
  exits 3 pcibackflow pci-attach next $EDU
  matches "the reason" "former-guest.*domain $(domid former) had its memory" "$(cat $STATE/err)"
  writes_on former
}

# What --force says is true: both reach it.
Who_insists_gets_it_with_its_former_guest_at_it() {
  runs pcibackflow pci-attach --force next $EDU
  matches "what was said" "all the same: domain $(domid former) had its memory" "$(cat /var/log/lab/serve.log)"
  guest_does next "has 1; echo 1 > /sys/bus/pci/devices/0000:00:00.0/enable; labprobe registers keep $REGISTERS 7 5"
  matches "what the next guest has read" 'has 1[0-9][0-9][0-9]' "$(said)"
  runs pcibackflow pci-detach next $EDU
}

Its_end_sets_the_device_free() {
  guest_destroy former
  runs pcibackflow pci-attach next $EDU
  guest_does next 'has 1'
  has_only next 7
}

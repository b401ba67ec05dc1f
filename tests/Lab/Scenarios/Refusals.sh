# Everything that is refused, with the exit code of its kind and a reason; and nothing is changed by a refusal.
NEIGHBOUR=0000:03:02.0 # of $BRIDGE_E1000

Without_a_daemon_each_verb_says_so() {
  for verb in "pci-assignable-list" "pci-assignable-add $E1000E" "pci-list 0" "status"; do
    exits 1 pcibackflow $verb
    matches "the reason" 'serve|daemon' "$(cat $STATE/err)"
  done
}

A_second_daemon_is_refused() {
  serve
  exits 3 pcibackflow serve
  matches "the reason" 'a daemon serves from .* already' "$(cat $STATE/err)"
  served_by_the_binary
}

Wrong_words_are_pointed_at() {
  for words in "pci-assignable-add 00:1g.0" "pci-assignable-add 00:04.9" "pci-attach 0 00:04.0@20" "pci-attach 0 00:04.0,permissive" "pci-attach 0 00:04.0,colour=blue" "pci-detach"; do
    exits 2 pcibackflow $words
  done
}

A_device_that_is_not_there_is_refused() {
  exits 1 pcibackflow pci-assignable-add 00:1e.0
  matches "the reason" 'no such function' "$(cat $STATE/err)"
}

A_bridge_is_refused() {
  for device in $PORT $BRIDGE 0000:00:00.0; do
    exits 3 pcibackflow pci-assignable-add $device
    matches "the reason" 'it is a (PCI-to-PCI )?bridge' "$(cat $STATE/err)"
  done
  # Whoever insists.
  exits 3 pcibackflow pci-assignable-add --force $PORT
}

A_network_interface_in_use_is_refused_until_it_is_down() {
  modprobe e1000e
  name=$(ls /sys/bus/pci/devices/$E1000E/net)
  ip link set $name up
  exits 3 pcibackflow pci-assignable-add $E1000E
  matches "the reason" "$name" "$(cat $STATE/err)"
  equal "driver" e1000e "$(driver_of $E1000E)"
  ip link set $name down
  held $E1000E
}

A_disk_in_use_is_refused() {
  modprobe nvme
  within 20 test -b /dev/nvme0n1 || fail "no /dev/nvme0n1"
  for block in /sys/block/nvme*n1; do readlink -f $block | grep -q "$NVME" && block=$(basename $block) && break; done
  mkswap /dev/$block
  swapon /dev/$block
  exits 3 pcibackflow pci-assignable-add $NVME
  matches "the reason" 'swap' "$(cat $STATE/err)"
  equal "driver" nvme "$(driver_of $NVME)"
  swapoff /dev/$block
  mke2fs /dev/$block
  mkdir -p /mnt
  modprobe -a crc32c_generic ext4
  mount -t ext2 /dev/$block /mnt
  exits 3 pcibackflow pci-assignable-add $NVME
  matches "the reason" "disk $block is mounted at /mnt" "$(cat $STATE/err)"
  umount /mnt
  held $NVME
  # Another function on its line has a driver, which uses messages.
  equal "driver of the function on its line" e1000e "$(driver_of $MULTI_0)"
  no_match "what it is warned of" 'interrupt line' "$(cat $STATE/err)"
}

A_function_whose_sibling_the_host_uses_is_refused() {
  equal "driver of the sibling" e1000e "$(driver_of $MULTI_0)"
  name=$(ls /sys/bus/pci/devices/$MULTI_0/net)
  ip link set $name up
  exits 3 pcibackflow pci-assignable-add $MULTI_1
  matches "the reason" "$(short $MULTI_0)" "$(cat $STATE/err)"
  ip link set $name down
  # The host's drivers have interrupts of their own by now.
  xen_state > $STATE/baseline
}

A_function_that_the_iommu_cannot_tell_from_one_in_use_is_refused() {
  modprobe e1000
  equal "driver of its neighbour" e1000 "$(driver_of $NEIGHBOUR)"
  exits 3 pcibackflow pci-assignable-add $BRIDGE_E1000
  matches "the reason" "the IOMMU cannot tell it from $NEIGHBOUR" "$(cat $STATE/err)"
  rmmod e1000
}

# $NEIGHBOUR and $EDU are on one line, and e1000 has no messages.
A_device_whose_line_a_driver_of_the_host_listens_on_is_refused_until_a_person_insists() {
  modprobe e1000
  equal "driver of its neighbour on the line" e1000 "$(driver_of $NEIGHBOUR)"
  exits 3 pcibackflow pci-assignable-add $EDU
  matches "the reason" "interrupt line [0-9]+ is shared with $NEIGHBOUR \(e1000\): whoever has one of the two can keep the other's interrupts away" "$(cat $STATE/err)"
  matches "the remedies" "Give both to one guest, have the host's driver use messages or unbind it, .*--force" "$(cat $STATE/err)"
  equal "Xen's owner of it" host "$(owner $EDU)"
  runs pcibackflow pci-assignable-add --force $EDU
  matches "what it is warned of" "interrupt line [0-9]+ is shared with $NEIGHBOUR \(e1000\)" "$(cat $STATE/err)"
  runs pcibackflow pci-assignable-remove $EDU
  rmmod e1000
  # Nobody listens any more.
  held $EDU
  no_match "what it is warned of" 'interrupt line' "$(cat $STATE/err)"
  runs pcibackflow pci-assignable-remove $EDU
}

A_device_that_cannot_be_reset_is_taken_with_a_warning() {
  held $E1000
  matches "what it is warned of" 'the kernel cannot reset it' "$(cat $STATE/err)"
  runs pcibackflow pci-assignable-remove $E1000
}

# As when its card is pulled out and put back: the kernel has forgotten that its drivers are kept away.
A_device_that_the_hosts_driver_took_meanwhile_is_not_attached() {
  held $PORT_E1000E
  echo 1 > /sys/bus/pci/devices/$PORT_E1000E/remove
  echo 1 > /sys/bus/pci/rescan
  equal "driver" e1000e "$(driver_of $PORT_E1000E)"
  # It has interrupts anew.
  xen_state > $STATE/baseline
  guest_start g1
  exits 1 pcibackflow pci-attach g1 $PORT_E1000E
  matches "the reason" "the host's driver e1000e was bound to it meanwhile" "$(cat $STATE/err)"
  equal "driver" e1000e "$(driver_of $PORT_E1000E)"
  runs pcibackflow pci-assignable-remove $PORT_E1000E
  equal "driver afterwards" e1000e "$(driver_of $PORT_E1000E)"
  equal "Xen's owner of it" host "$(owner $PORT_E1000E)"
}

A_device_that_is_not_assignable_is_not_attached() {
  exits 1 pcibackflow pci-attach g1 $BRIDGE_E1000
  matches "the reason" 'assignable' "$(cat $STATE/err)"
}

A_guest_that_is_not_there_is_refused() {
  for guest in nobody 4711; do
    exits 1 pcibackflow pci-attach $guest $E1000E
    matches "the reason" "there is no domain '?$guest" "$(cat $STATE/err)"
  done
}

The_host_itself_is_no_guest() {
  exits 3 pcibackflow pci-attach 0 $E1000E
  matches "the reason" 'the host itself' "$(cat $STATE/err)"
}

A_device_another_guest_has_is_refused() {
  guest_start g2
  runs pcibackflow pci-attach g1 "$E1000E@5"
  exits 3 pcibackflow pci-attach g2 $E1000E
  matches "the reason" "belongs to domain $(domid g1)" "$(cat $STATE/err)"
  exits 1 pcibackflow pci-attach g1 $E1000E
  equal "Xen's owner of it" "d$(domid g1)" "$(owner $E1000E)"
  guest_does g1 'has 1'
}

A_device_in_use_by_a_guest_is_not_given_back() {
  exits 3 pcibackflow pci-assignable-remove $E1000E
  matches "the reason" "in use by domain $(domid g1)" "$(cat $STATE/err)"
  guest_does g1 'has 1'
}

A_device_the_guest_does_not_have_is_not_detached() {
  exits 1 pcibackflow pci-detach g1 $NVME
  matches "the reason" "does not have $NVME" "$(cat $STATE/err)"
}

# The kernel's backend does not hear the wish at all; here it is met or refused, and whoever has none gets a free slot.
A_slot_in_use_is_refused_and_without_a_wish_another_is_given() {
  exits 1 pcibackflow pci-attach g1 "$NVME@5"
  matches "the reason" "slot 05 of domain $(domid g1) is taken: $E1000E has it; ask for another slot, or for none" "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $NVME)"
  guest_does g1 'has 1'
  runs pcibackflow pci-attach g1 $NVME
  guest_does g1 'has 2'
  equal "the first one's address in the guest" 0000:00:05.0 "$(where g1 $E1000E)"
  equal "its address in the guest" 0000:00:00.0 "$(where g1 $NVME)"
}

# What it has mapped of the device it keeps until it ends; detaching does not change that.
A_device_whose_former_guest_lives_goes_to_nobody_else() {
  runs pcibackflow pci-detach g1 $NVME
  guest_does g1 'has 1'
  exits 3 pcibackflow pci-attach g2 $NVME
  matches "the reason" "former-guest.*domain $(domid g1) had its memory" "$(cat $STATE/err)"
  exits 3 pcibackflow pci-assignable-remove $NVME
  matches "the reason" "former-guest.*domain $(domid g1) had its memory" "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $NVME)"
  # To the same guest it goes as before.
  runs pcibackflow pci-attach g1 $NVME
  guest_does g1 'has 2'
  runs pcibackflow pci-detach g1 $NVME
  guest_does g1 'has 1'
}

Its_end_sets_the_device_free() {
  guest_destroy g1
  runs pcibackflow pci-attach g2 $NVME
  guest_does g2 'has 1'
}

What_was_refused_left_nothing() {
  guest_destroy g2
  nothing_leaked
}

A_guest_without_passthrough_is_refused() {
  PASSTHROUGH=disabled guest_start g3
  exits 1 pcibackflow pci-attach g3 $E1000E
  matches "the reason" 'passthrough|IOMMU' "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
  guest_destroy g3
  nothing_leaked
}

A_name_is_as_good_as_an_address() {
  runs pcibackflow pci-assignable-add -n uplink $E1000E
  runs pcibackflow pci-assignable-list -n
  matches "the list" "$E1000E.*uplink" "$(said)"
  exits 1 pcibackflow pci-assignable-remove downlink
  runs pcibackflow pci-assignable-remove uplink
  runs pcibackflow pci-assignable-list
  no_match "the list" "$E1000E" "$(said)"
  # Nothing to give back: that is what was asked for.
  runs pcibackflow pci-assignable-remove $E1000E
}

# What the daemon keeps in files is lost: only Xen knows whose the device is.
A_device_that_only_xen_knows_to_be_a_guests_is_not_taken() {
  held $E1000E
  guest_start g4
  runs pcibackflow pci-attach g4 $E1000E
  guest_does g4 'has 1'
  serve_stop
  rm -r /var/lib/pcibackflow /run/pcibackflow/grants* /run/pcibackflow/guests
  serve
  exits 1 pcibackflow pci-assignable-add $E1000E
  matches "the reason" 'Xen says that it belongs to another guest' "$(cat $STATE/err)"
  exits 1 pcibackflow pci-assignable-add --force $E1000E
  matches "the reason, whoever insists" 'Xen says that it belongs to another guest' "$(cat $STATE/err)"
  equal "Xen's owner of it" "d$(domid g4)" "$(owner $E1000E)"
  unknown=/local/domain/0/backend/pci/$(domid g4)
  guest_destroy g4
  # Whose nodes these were is lost with the journal.
  xenstore-rm $unknown
  held $E1000E
  nothing_leaked
}

Beside_a_serving_kernel_backend_the_daemon_refuses_to_start() {
  serve_stop
  modprobe xen-pciback
  exits 3 pcibackflow serve
  matches "the reason" "the kernel's xen-pciback would serve" "$(cat $STATE/err)"
  matches "the remedy" 'modprobe -r|rmmod' "$(cat $STATE/err)"
  rmmod xen-pciback
  serve
  nothing_leaked
}

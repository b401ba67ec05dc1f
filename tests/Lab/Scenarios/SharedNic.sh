# A card that the host shares with its guests: the physical function stays with the host's driver, each virtual one is a guest's.
PF=0000:01:00.0 VF_1=0000:01:10.0 VF_2=0000:01:10.2
VF_IDS=8086:10ca
HOST=10.0.2.20 ONE=10.0.2.21 TWO=10.0.2.22 OUTSIDE=10.0.2.2

# host_reaches TO: three packets from the host's own function, all answered.
host_reaches() { within 30 host_pings "$1" || fail "the host does not reach $1: $(tail -2 $STATE/ping)"; }
host_pings() { ping -c 3 -i 0.2 -W 2 "$1" > $STATE/ping 2>&1 && grep -q '3 packets received' $STATE/ping; }

# host_online: the driver's interface, which has its name only from here on.
host_online() {
  within 20 test -d /sys/bus/pci/devices/$PF/net || fail "no driver at $PF"
  nic=$(ls /sys/bus/pci/devices/$PF/net)
  echo "$nic" > $STATE/nic
  ip link set "$nic" up
  ip addr flush dev "$nic"
  ip addr add $HOST/24 dev "$nic"
}

# two_functions: the host's driver makes them, and binds none of them itself.
two_functions() {
  echo 0 > /sys/bus/pci/devices/$PF/sriov_drivers_autoprobe
  echo 2 > /sys/bus/pci/devices/$PF/sriov_numvfs
  for device in $VF_1 $VF_2; do [ -e /sys/bus/pci/devices/$device ] || fail "there is no $device: $(lspci | tail -3 | tr '\n' ' ')"; done
}

# all_reach_each_other: both guests, the host, and what is outside.
all_reach_each_other() {
  PATIENCE=150 guest_does g1 "reaches \$(at $VF_IDS) $TWO; reaches \$(at $VF_IDS) $HOST; reaches \$(at $VF_IDS) $OUTSIDE"
  PATIENCE=150 guest_does g2 "reaches \$(at $VF_IDS) $ONE; reaches \$(at $VF_IDS) $HOST; reaches \$(at $VF_IDS) $OUTSIDE"
  for other in $ONE $TWO $OUTSIDE; do host_reaches $other; done
}

# still_with NAME BDF: the guest's mode of interrupts, and Xen's owner of the function.
still_with() {
  guest_does "$1" "mode \$(at $VF_IDS)"
  matches "mode in $1" '^MSI-X [2-9]' "$(tail -1 $STATE/out)"
  equal "Xen's owner of $2" "d$(domid "$1")" "$(owner $2)"
}

The_host_uses_the_card_and_makes_two_virtual_functions() {
  modprobe igb
  host_online
  equal "driver of the physical function" igb "$(driver_of $PF)"
  host_reaches $OUTSIDE
  two_functions
  equal "ids of a virtual function" $VF_IDS "$(ids $VF_1)"
  lspci -vv -s $PF
  lspci -vv -s $VF_1
  # The host's driver has interrupts of its own by now.
  xen_state > $STATE/baseline
}

The_virtual_functions_become_assignable_and_the_physical_one_does_not() {
  serve
  held $VF_1 $VF_2
  for device in $VF_1 $VF_2; do
    equal "Xen's owner of $device" quarantine "$(owner $device)"
    matches "how the kernel resets $device" '(^| )flr( |$)' "$(cat /sys/bus/pci/devices/$device/reset_method)"
  done
  try pcibackflow pci-assignable-add $PF && fail "the physical function was taken"
  matches "the reason" 'virtual function' "$(cat $STATE/err)"
  equal "driver of the physical function" igb "$(driver_of $PF)"
  host_reaches $OUTSIDE
  served_by_the_binary
}

A_guest_gets_one_with_its_own_driver() { # at most 180 s
  guest_start g1
  runs pcibackflow pci-attach g1 $VF_1
  guest_does g1 'has 1; lspci -nn'
  matches "its identity in the guest" $VF_IDS "$(said)"
  # The guest's kernel enables Extended Tags before there is a driver, and reads what it wrote (docs/filter.md, answer_tuning).
  EXCEPT=$((0xa9)) as_foretold g1 $VF_1
  guest_does g1 "modprobe igbvf; online \$(at $VF_IDS) $ONE; driver \$(at $VF_IDS)"
  equal "driver in the guest" igbvf "$(tail -1 $STATE/out)"
  PATIENCE=150 guest_does g1 "reaches \$(at $VF_IDS) $OUTSIDE"
  matches "Xen's interrupts of the guest" "IRQ:.*PCI-MSI.* d$(domid g1):" "$(keys i)"
  still_with g1 $VF_1
}

Another_guest_gets_its_sibling_and_all_reach_each_other() { # at most 300 s
  guest_start g2
  runs pcibackflow pci-attach g2 $VF_2
  guest_does g2 "has 1; modprobe igbvf; online \$(at $VF_IDS) $TWO"
  still_with g2 $VF_2
  all_reach_each_other
  for guest in g1 g2; do
    guest_does $guest "vectors_used \$(at $VF_IDS); counts \$(at $VF_IDS)"
    [ "$(head -1 $STATE/out)" -ge 2 ] || fail "$guest: only $(head -1 $STATE/out) vector had an interrupt"
  done
}

The_link_goes_and_comes_under_the_guests() { # at most 300 s
  nic=$(cat $STATE/nic)
  machine set_link shared off
  within 30 carrier_is 0 || fail "the host's link is still there"
  machine set_link shared on
  within 30 carrier_is 1 || fail "the host's link does not come back"
  all_reach_each_other
  still_with g1 $VF_1
  still_with g2 $VF_2
}
carrier_is() { [ "$(cat /sys/class/net/$nic/carrier 2> /dev/null)" = "$1" ]; }

# The driver resets the whole card; what the virtual functions' drivers set up is gone, and they notice by themselves.
The_hosts_driver_resets_the_card_under_the_guests() { # at most 300 s
  nic=$(cat $STATE/nic)
  dmesg -c > /dev/null
  ip link set "$nic" down
  sleep 2
  host_online
  all_reach_each_other
  still_with g1 $VF_1
  still_with g2 $VF_2
}

The_end_of_a_guest_leaves_its_sibling_and_the_host_working() { # at most 180 s
  guest_destroy g1
  equal "Xen's owner of $VF_1" quarantine "$(owner $VF_1)"
  PATIENCE=150 guest_does g2 "reaches \$(at $VF_IDS) $HOST; reaches \$(at $VF_IDS) $OUTSIDE"
  host_reaches $TWO
  still_with g2 $VF_2
}

# Between the two its function was reset alone: the sibling's interrupts and data went on.
The_next_guest_finds_it_as_new() { # at most 300 s
  guest_start g1
  runs pcibackflow pci-attach g1 $VF_1
  guest_does g1 "has 1; lspci -vv; modprobe igbvf; online \$(at $VF_IDS) $ONE"
  no_match "what was left enabled" 'MSI-X: Enable\+|BusMaster\+' "$(said)"
  all_reach_each_other
  still_with g1 $VF_1
  still_with g2 $VF_2
}

# The host is free to: nobody told its driver that guests have them. The guests' drivers are out before: Xen (4.20) panics when a guest closes the event
# channel of a message whose function the host has removed meanwhile (docs/devices.md).
The_hosts_driver_goes_and_the_guests_are_told() { # at most 300 s
  for guest in g1 g2; do guest_does $guest 'modprobe -r igbvf'; done
  rmmod igb
  [ ! -e /sys/bus/pci/devices/$VF_1 ] || fail "$VF_1 is still there"
  # Its ids are answered from memory until another register has shown that nothing answers there.
  guest_does g1 'setpci -s 00:00.0 STATUS; lspci -x -s 00:00.0'
  matches "what the guest reads" '^00: ff ff ff ff ff ff ff ff' "$(said)"
  within 10 told_failed g1 || fail "the toolstack is not told: $(xenstore-ls /local/domain/0/backend/pci/$(domid g1)/0)"
  runs pcibackflow status
  matches "the function" "$VF_1.*gone" "$(said)"
  served_by_the_binary
  guest_destroy g1
  guest_destroy g2
}
told_failed() { [ "$(xenstore-read /local/domain/0/backend/pci/$(domid "$1")/0/aerState 2> /dev/null)" = aerfail ]; }

# of_guests FILE: what it holds that no driver of the host's can have changed.
of_guests() { grep -vE '^(device|message interrupt) ' "$1"; }

It_comes_back_and_so_do_they() { # at most 300 s
  modprobe igb
  host_online
  two_functions
  host_reaches $OUTSIDE
  # The host's driver has other interrupts than before.
  of_guests $STATE/baseline > $STATE/before
  xen_state > $STATE/baseline
  of_guests $STATE/baseline > $STATE/after
  same_files "what Xen holds of guests" $STATE/before $STATE/after
  guest_start g1
  runs pcibackflow pci-attach g1 $VF_1
  guest_does g1 "has 1; modprobe igbvf; online \$(at $VF_IDS) $ONE"
  PATIENCE=150 guest_does g1 "reaches \$(at $VF_IDS) $HOST"
  still_with g1 $VF_1
  guest_off g1
  nothing_leaked
}

Both_go_back_to_the_host() {
  for device in $VF_1 $VF_2; do
    runs pcibackflow pci-assignable-remove $device
    equal "Xen's owner of $device" host "$(owner $device)"
  done
  serve_stop
  echo 0 > /sys/bus/pci/devices/$PF/sriov_numvfs
  [ ! -e /sys/bus/pci/devices/$VF_1 ] || fail "$VF_1 is still there"
  host_reaches $OUTSIDE
}

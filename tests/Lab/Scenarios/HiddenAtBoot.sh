# Devices named on the kernel's command line: the host's drivers, loaded at boot, never see them.

The_hosts_driver_never_probed_a_hidden_device() {
  dmesg | grep e1000e || true
  matches "dom0's log" "e1000e $PORT_E1000E" "$(dmesg)"
  no_match "dom0's log" "e1000e $E1000E" "$(dmesg)"
  no_match "dom0's log" "e1000e $MULTI_1" "$(dmesg)"
  equal "driver of a hidden one" "" "$(driver_of $E1000E | grep -x e1000e || true)"
  equal "driver of a hidden slot" "" "$(driver_of $MULTI_0 | grep -x e1000e || true)"
}

One_wrong_item_does_not_undo_the_rest() {
  matches "kernel arguments" '\(00:zz\.0\)' "$(cat /proc/cmdline)"
  equal "driver of what is named behind it" "" "$(driver_of $NVME | grep -x nvme || true)"
}

The_daemon_has_them_at_once() {
  serve
  served_by_the_binary
  runs pcibackflow pci-assignable-list
  for device in $E1000E $MULTI_0 $MULTI_1 $NVME; do matches "assignable devices" "$device" "$(said)"; done
  no_match "assignable devices" "$PORT_E1000E" "$(said)"
}

# Suspend itself is not emulated; what a systemd unit runs before and after it is.
Held_devices_go_through_the_hosts_sleep() {
  runs pcibackflow host-suspend
  runs pcibackflow host-resume
  runs pcibackflow pci-assignable-list
  for device in $E1000E $MULTI_0 $MULTI_1 $NVME; do matches "assignable devices" "$device" "$(said)"; done
}

A_hidden_device_works_in_a_guest() {
  guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  guest_does g1 'has 1; modprobe e1000e; pings 0000:00:00.0'
  exits 3 pcibackflow host-suspend
  matches "the reason" "$E1000E|g1|domain $(domid g1)" "$(cat $STATE/err)"
  guest_does g1 'pings 0000:00:00.0'
  guest_off g1
  nothing_leaked
}

A_seized_device_returns_to_the_driver_it_came_from() {
  runs pcibackflow pci-assignable-add $PORT_E1000E
  differ "driver" e1000e "$(driver_of $PORT_E1000E)"
  runs pcibackflow pci-assignable-remove -r $PORT_E1000E
  equal "driver" e1000e "$(driver_of $PORT_E1000E)"
  name=$(ls /sys/bus/pci/devices/$PORT_E1000E/net)
  ip link set $name up
  ip link set $name down
}

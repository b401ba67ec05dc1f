# Guests see devices at the host's addresses.

Devices_have_the_hosts_addresses() {
  serve --slots passthrough
  served_by_the_binary
  held $E1000E $PORT_E1000E $BRIDGE_E1000
  guest_config g1
  guest_create g1 -p
  for device in $E1000E $PORT_E1000E $BRIDGE_E1000; do
    runs pcibackflow pci-attach --no-wait g1 $device
  done
  xl unpause g1
  guest_up g1
  guest_does g1 'has 3; functions; modprobe -a e1000e e1000'
  for device in $E1000E $PORT_E1000E $BRIDGE_E1000; do
    equal "address in the guest" "$device" "$(where g1 $device)"
    guest_does g1 "[ -e /sys/bus/pci/devices/$device ]"
  done
}

Each_bus_is_published_as_a_root() {
  roots=/local/domain/0/backend/pci/$(domid g1)/0
  xenstore-ls -f $roots
  count=$(xenstore-read $roots/root_num)
  found=
  for number in $(seq 0 $((count - 1))); do found="$found $(xenstore-read $roots/root-$number)"; done
  for bus in 0000:00 0000:01 0000:03; do matches "roots" "$bus" "$found"; done
}

Each_of_them_works() {
  for device in $E1000E $PORT_E1000E $BRIDGE_E1000; do guest_does g1 "pings $device"; done
  guest_off g1
  nothing_leaked
}

# A PVH guest gets no device from here, and nodes of a hardware-virtualised guest, which QEMU serves, are left as they are.

The_host_can_run_one() {
  matches "what Xen offers" '^virt_caps .*hvm' "$(xl info)"
  serve
  served_by_the_binary
  held $E1000E
}

A_pvh_guest_is_refused_a_device_and_told_why() { # at most 240 s
  TYPE=pvh PASSTHROUGH=disabled guest_config h1
  guest_create h1
  guest_up h1 120
  guest_does h1 'dmesg | grep "Booting.* on Xen"'
  matches "how its kernel runs" 'PVH' "$(said)"
  exits 3 pcibackflow pci-attach h1 $E1000E
  matches "the reason" 'is an HVM or PVH guest' "$(cat $STATE/err)"
  matches "what to do" 'use xl pci-attach' "$(cat $STATE/err)"
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
  no_match "nodes of a backend" . "$(xenstore-ls -f /local/domain/0/backend/pci 2> /dev/null || true)"
}

# As libxl leaves them for QEMU: the frontend's directory with its backend, the backend's with one device that waits to be served.
Its_nodes_are_left_alone_while_a_pv_guest_is_served() { # at most 240 s
  virtual=$(domid h1)
  back=/local/domain/0/backend/pci/$virtual/0
  front=/local/domain/$virtual/device/pci/0
  xenstore-write $front/backend $back $front/backend-id 0 $front/state 1
  xenstore-write $back/frontend $front $back/frontend-id "$virtual" $back/online 1 $back/domain h1
  xenstore-write $back/num_devs 1 $back/dev-0 $E1000E $back/state-0 1 $back/state 1
  xenstore-ls -f $back | sort > $STATE/nodes
  guest_start g1
  runs pcibackflow pci-attach g1 $E1000E
  guest_does g1 'has 1; modprobe e1000e; pings 0000:00:00.0'
  xenstore-ls -f $back | sort > $STATE/nodes.now
  same_files "the nodes of the PVH guest" $STATE/nodes $STATE/nodes.now
  equal "its frontend's state" 1 "$(xenstore-read $front/state)"
  xenstore-rm /local/domain/0/backend/pci/$virtual
  xenstore-rm $front
}

Both_end_and_nothing_is_left() {
  guest_destroy h1
  guest_destroy g1
  nothing_leaked
  equal "Xen's owner of it" quarantine "$(owner $E1000E)"
}

#!/bin/bash
# dracut's module: the script that initramfs-tools has too (hide.sh is a link to it), in the hook that runs before udev is started.

check() {
	return 0
}

depends() {
	return 0
}

install() {
	# shellcheck disable=SC2154 # moddir is dracut's
	inst_simple "$moddir/hide.sh" /sbin/pcibackflow-hide
	# For serial numbers; without it an item that has one hides nothing and says so.
	inst_multiple -o od
	inst_hook pre-udev 10 "$moddir/run-hide.sh"
}

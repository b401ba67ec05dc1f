# What scenarios are written with. Everything here runs in dom0, in busybox's shell, under set -eu.
# Words for: reporting, checking, running commands, guests, the daemon, what Xen itself holds.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
STATE=/run/lab
CONSOLES=/var/log/xen/console
mkdir -p $STATE

# The standard machine (Machine.cs).
E1000E=0000:00:04.0 NVME=0000:00:05.0 EDU=0000:00:06.0 XHCI=0000:00:07.0 E1000=0000:00:08.0 AHCI=0000:00:09.0
PORT=0000:00:0a.0 PORT_E1000E=0000:01:00.0 PORT_NVME=0000:02:00.0 BRIDGE=0000:00:0c.0 BRIDGE_E1000=0000:03:01.0
MULTI_0=0000:00:0d.0 MULTI_1=0000:00:0d.1

# --- reporting and checking

report() { echo "$*" > /dev/ttyS1; }
note() { echo "-- $*"; }

# machine COMMAND: a command for the emulator's monitor; it answers in the log, and what it does is the caller's to wait for.
machine() { report "QEMU $*"; }

# fail REASON: the case ends here.
fail() {
  echo "!! $*"
  [ -e $STATE/reason ] || echo "$*" > $STATE/reason
  exit 1
}

equal() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }                            # equal WHAT EXPECTED ACTUAL
differ() { [ "$2" != "$3" ] || fail "$1: '$3' is what it must not be"; }                      # differ WHAT UNWANTED ACTUAL
matches() { echo "$3" | grep -qE -e "$2" || fail "$1: no line matches '$2' in: $(echo "$3" | head -c 400 | tr '\n' '~')"; }        # matches WHAT REGEX TEXT
no_match() { ! echo "$3" | grep -qE -e "$2" || fail "$1: '$2' matches: $(echo "$3" | grep -E -e "$2" | head -1)"; }   # no_match WHAT REGEX TEXT
same_files() { diff "$2" "$3" > $STATE/difference || { cat $STATE/difference; fail "$1: $(grep -c '^[-+]' $STATE/difference) lines differ, first: $(grep '^[-+][^-+]' $STATE/difference | head -2 | tr '\n' ' ')"; }; }

# How much longer than usual everything may take (the test's time limits go by the same factor).
SLOWNESS=$(tr ' ' '\n' < /proc/cmdline | sed -n 's/^lab\.slowness=//p')

# within SECONDS COMMAND...: until it succeeds; its failure is the caller's to report.
within() {
  local left=$(($1 * ${SLOWNESS:-1} * 5))
  shift
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || return 1
    nap
  done
}

# nap: a fifth of a second, without a process of its own: under emulation starting one takes a quarter of that.
[ -p $STATE/never ] || mkfifo $STATE/never
nap() { read -r -t 0.2 _ <> $STATE/never || true; }

# grown FILE MARK: whether the file may have been written to since it was last asked with this mark; asking costs no process.
grown() {
  if [ -e "$2" ] && [ "$2" -nt "$1" ]; then return 1; fi
  : > "$2"
}

# --- commands: shown, with their output and their time; the output stays in $STATE/out and $STATE/err

try() {
  echo "\$ $*"
  try_from=$(cut -d' ' -f1 /proc/uptime)
  try_code=0
  "$@" > $STATE/out 2> $STATE/err || try_code=$?
  cat $STATE/out
  sed 's/^/! /' $STATE/err
  echo "= $try_code after $(echo "$(cut -d' ' -f1 /proc/uptime) $try_from" | awk '{ printf "%.2f", $1 - $2 }') s"
  return $try_code
}
said() { cat $STATE/out $STATE/err; }

# runs COMMAND...: it must succeed.
runs() { try "$@" || fail "'$*' failed with $?: $(said | tail -3 | tr '\n' ' ')"; }

# exits CODE COMMAND...: it must end with that code, say why, and show no stack trace.
exits() {
  exits_code=$1
  shift
  if try "$@"; then exits_got=0; else exits_got=$?; fi
  equal "exit code of '$*' ($(tail -2 $STATE/err | tr '\n' ' '))" "$exits_code" "$exits_got"
  no_match "stack trace of '$*'" '^ +at [A-Za-z_.]+\(|Unhandled exception' "$(said)"
  [ "$exits_code" = 0 ] || [ -s $STATE/err ] || fail "'$*' failed without saying why"
}

# --- guests

# guest_config NAME LINE...: /run/lab/NAME.cfg; TYPE (default pv), MEMORY, VCPUS, ARGUMENTS (kernel's), PASSTHROUGH, ON_REBOOT change the usual.
guest_config() {
  config_name=$1
  shift
  cat > $STATE/$config_name.cfg << END
type = "${TYPE:-pv}"
name = "$config_name"
kernel = "/guest/vmlinux"
ramdisk = "/guest/guest.cpio"
memory = ${MEMORY:-256}
vcpus = ${VCPUS:-1}
cpus = "0"
extra = "console=hvc0 rdinit=/init mitigations=off nokaslr panic=-1 printk.time=1 ${ARGUMENTS:-}"
passthrough = "${PASSTHROUGH:-enabled}"
e820_host = 1
on_poweroff = "destroy"
on_reboot = "${ON_REBOOT:-destroy}"
on_crash = "destroy"
END
  for config_line; do echo "$config_line"; done >> $STATE/$config_name.cfg
}

console() { echo $CONSOLES/guest-$1.log; }
console_size() { cat "$(console "$1")" 2> /dev/null | wc -c; }
domid() { xl domid "$1" 2> /dev/null; }

# Before a create: what the guest prints from here on is the new guest's; it is copied to the log, each line with its name.
watch_console() {
  touch "$(console "$1")"
  console_size "$1" > $STATE/$1.born
  rm -f $STATE/$1.looked
  [ -e $STATE/$1.watched ] && [ -d "/proc/$(cat $STATE/$1.watched)" ] && return
  setsid sh -c "tail -n +1 -F $(console "$1") 2>/dev/null | awk '{ gsub(/\r/, \"\"); print \"$1: \" \$0; fflush() }'" > /dev/console 2>&1 < /dev/null &
  echo $! > $STATE/$1.watched
}

# guest_create NAME [xl create's options]: without waiting for it. XL is the command (default xl).
guest_create() {
  create_name=$1
  shift
  watch_console "$create_name"
  runs ${XL:-xl} create "$@" $STATE/$create_name.cfg
}

# guest_up NAME [SECONDS]: its shell listens. One whose kernel found flags that no processor has, which is the emulator's doing (docs/lab.md), is created once more.
guest_up() {
  within "${2:-60}" guest_settled "$1" || true
  if guest_broken "$1"; then
    note "guest $1 found flags that no processor has: $(born "$1" | grep -m 1 -oE 'EFLAGS: [0-9a-f]+'); it is created once more"
    guest_gone "$1"
    guest_create "$1"
    within "${2:-60}" guest_settled "$1" || true
  fi
  born "$1" | grep -q '^LAB ready' || fail "guest $1 did not come up: $(tail -2 "$(console "$1")" | tr '\r\n' '  ')"
}
born() { tail -c "+$(($(cat $STATE/$1.born) + 1))" "$(console "$1")" | tr -d '\r'; }
guest_settled() { grown $CONSOLES/guest-$1.log $STATE/$1.looked && { born "$1" | grep -q '^LAB ready' || guest_broken "$1"; }; }
# Bit 22 is the first that means nothing (Intel SDM vol. 1, 3.4.3).
guest_broken() { born "$1" | grep -qE 'EFLAGS: 0*([4-9a-f][0-9a-f]{5}|[1-9a-f][0-9a-f]{6,7})( |$)'; }

# guest_start NAME [LINE...]: configured, created and up.
guest_start() {
  guest_config "$@"
  guest_create "$1"
  guest_up "$1"
}

# in_guest NAME COMMAND: runs it in the guest through its console; prints its output, returns its exit code. PATIENCE: seconds (default 60).
in_guest() {
  guest_sequence=$(($(cat $STATE/sequence 2> /dev/null || echo 0) + 1))
  echo $guest_sequence > $STATE/sequence
  guest_from=$(($(console_size "$1") + 1))
  rm -f $STATE/$1.looked
  guest_domain=$(domid "$1") || { echo "guest $1 is gone"; return 125; }
  printf '%s %s\n' $guest_sequence "$2" > "$(xenstore-read /local/domain/$guest_domain/console/tty)"
  within "${PATIENCE:-60}" answered "$1" $guest_from $guest_sequence || { echo "guest $1 did not answer: $2"; return 124; }
  tail -c +$guest_from "$(console "$1")" | tr -d '\r' | sed -n "s/^.*LAB $guest_sequence | //p"
  return $(tail -c +$guest_from "$(console "$1")" | tr -d '\r' | sed -n "s/^.*LAB $guest_sequence rc=//p" | head -1)
}
answered() { grown $CONSOLES/guest-$1.log $STATE/$1.looked && tail -c "+$2" "$(console "$1")" | grep -q "LAB $3 rc="; }

# guest_does NAME COMMAND: it must succeed; its output stays in $STATE/out.
guest_does() { try in_guest "$@" || fail "in $1: '$2' failed with $?: $(said | tail -3 | tr '\n' ' ')"; }

# guest_fails NAME COMMAND: it must not.
guest_fails() { if try in_guest "$@"; then fail "in $1: '$2' succeeded"; fi; }

gone() { ! domid "$1" > /dev/null; }
guest_gone() { within "${2:-30}" gone "$1" || fail "guest $1 is still there after ${2:-30} s: $(xl list | tail -1)"; }

# guest_off NAME: it powers itself off.
guest_off() {
  printf '0 poweroff -f\n' > "$(xenstore-read /local/domain/$(domid "$1")/console/tty)"
  guest_gone "$1"
}
guest_destroy() {
  runs xl destroy "$1"
  guest_gone "$1"
}

# clean_up: guests that a failed case left behind.
clean_up() {
  for left in $(xl list | awk 'NR > 1 && $2 > 0 { print $2 }'); do xl destroy "$left" || true; done
  within 20 only_dom0 || fail "domains cannot be destroyed: $(xl list | tail -n +2 | tr '\n' ' ')"
}
only_dom0() { [ "$(xl list | tail -n +2 | wc -l)" = 1 ]; }

# --- the daemon

# serve [OPTIONS...]: starts it and waits for its line "ready". Appended, because daemons that follow each other write to one log.
serve() {
  : > /var/log/lab/serve.log
  serve_from=$(cut -d' ' -f1 /proc/uptime)
  setsid sh -c 'pcibackflow serve "$@" >> /var/log/lab/serve.log 2>&1 & echo $! > '$STATE'/serve.pid; wait' serve "$@" < /dev/null > /dev/null 2>&1 &
  watch_serve
  within 30 serving || fail "serve is not ready: $(tail -3 /var/log/lab/serve.log | tr '\n' ' ')"
  note "serve ready after $(echo "$(cut -d' ' -f1 /proc/uptime) $serve_from" | awk '{ printf "%.2f", $1 - $2 }') s, $(grep VmRSS /proc/$(cat $STATE/serve.pid)/status | tr -d '\t')"
}
watch_serve() {
  [ ! -e $STATE/serve.watched ] || return 0
  setsid sh -c "tail -n +1 -F /var/log/lab/serve.log 2>/dev/null | awk '{ print \"serve: \" \$0; fflush() }'" > /dev/console 2>&1 < /dev/null &
  echo $! > $STATE/serve.watched
}

# supervise: the daemon, started again at once whenever it ends, as the unit has it, until $STATE/alone exists.
supervise() {
  rm -f $STATE/alone
  : > /var/log/lab/serve.log
  setsid sh -c 'until [ -e '$STATE'/alone ]; do pcibackflow serve >> /var/log/lab/serve.log 2>&1 & echo $! > '$STATE'/serve.pid; wait; done' < /dev/null > /dev/null 2>&1 &
  watch_serve
  within 30 serving || fail "serve is not ready: $(tail -3 /var/log/lab/serve.log | tr '\n' ' ')"
}

# followed COMMAND...: after it one more daemon has said "ready" than before.
followed() {
  followed_ready=$(readies)
  "$@"
  within 30 another || fail "nobody follows: $(tail -3 /var/log/lab/serve.log | tr '\n' ' ')"
}
readies() { grep -cx ready /var/log/lab/serve.log || true; }
another() { [ "$(readies)" -gt $followed_ready ]; }

serving() { grep -qx ready /var/log/lab/serve.log && daemon_alive; }
daemon_alive() { [ -s $STATE/serve.pid ] && [ -d "/proc/$(cat $STATE/serve.pid)" ]; }
daemon_gone() { ! daemon_alive; }

# serve_stop [SIGNAL]
serve_stop() {
  kill -${1:-TERM} "$(cat $STATE/serve.pid)"
  within 20 daemon_gone || fail "serve does not end on ${1:-TERM}"
}

# served_by_the_binary: what holds the event channels is the published program; no kernel backend is there.
served_by_the_binary() {
  daemon_alive || fail "serve is not running: $(tail -3 /var/log/lab/serve.log | tr '\n' ' ')"
  owner=$(cat $STATE/serve.pid)
  note "serve is process $owner: $(sha256sum < /proc/$owner/exe)"
  equal "the daemon's program" "$(sha256sum < /usr/bin/pcibackflow)" "$(sha256sum < /proc/$owner/exe)"
  descriptors=$(descriptors_of $owner)
  note "its descriptors: $descriptors"
  matches "its descriptors" '/dev/xen/evtchn' "$descriptors"
  no_match "loaded modules" '^xen_pciback' "$(lsmod)"
  [ ! -e /sys/bus/pci/drivers/pciback ] || fail "a kernel pciback is there"
  for other in /proc/[0-9]*; do
    case ${other#/proc/} in $owner | 1) continue ;; esac
    case $(readlink $other/exe) in */xenstored | */xenconsoled | */busybox | '') continue ;; esac
    no_match "event channels held by $(readlink $other/exe)" 'evtchn' "$(descriptors_of "${other#/proc/}")"
  done
}
# descriptors_of PID: what it holds open. One that is closed while ls looks is no failure, nor is a process that has gone.
descriptors_of() { ls -l /proc/$1/fd 2> /dev/null || true; }

# --- devices

short() { echo "${1#0000:}"; }
driver_of() { basename "$(readlink /sys/bus/pci/devices/$1/driver)" 2> /dev/null || true; }
# ids BDF: vendor:device
ids() { echo "$(cut -c3- /sys/bus/pci/devices/$1/vendor):$(cut -c3- /sys/bus/pci/devices/$1/device)"; }

# held BDF...: assignable from now on.
held() { for held_one; do runs pcibackflow pci-assignable-add "$held_one"; done; }

# bytes: one byte a line out of an lspci dump.
bytes() { awk '/^[0-9a-f]+: / { for (i = 2; i <= NF; i++) print $i }'; }
# byte_at FILE OFFSET
byte_at() { sed -n "$(($2 + 1))p" "$1"; }
# capability_at FILE ID: where it is, in decimal; 0 if it is not there. ID: two hexadecimal digits.
capability_at() {
  local at=$((0x$(byte_at "$1" 52))) steps=48
  while [ $at -ge 64 ] && [ $steps -gt 0 ]; do
    [ "$(byte_at "$1" $at)" = "$2" ] && { echo $at; return; }
    at=$((0x$(byte_at "$1" $((at + 1))) & 0xfc))
    steps=$((steps - 1))
  done
  echo 0
}
# differing FILE FILE: the offsets of the bytes that differ, in decimal.
differing() { paste "$1" "$2" | awk '$1 != $2 { print NR - 1 }'; }

# guest_bytes NAME ADDRESS: what the guest reads of a function, one byte a line.
guest_bytes() { in_guest "$1" "lspci -xxxx -s $2" | bytes; }

# where NAME BDF: the guest's address of a host's device, as xenstore publishes it.
where() {
  local at=/local/domain/0/backend/pci/$(domid "$1")/0 entry
  for entry in $(xenstore-list $at | sed -n 's/^dev-//p'); do
    [ "$(xenstore-read $at/dev-$entry)" = "$2" ] && xenstore-read $at/vdev-$entry
  done | sed 's/\.0\([0-7]\)$/.\1/'
}

# as_foretold NAME BDF...: the guest reads, byte by byte, what guest-view foretells of each function. Before a driver of its has changed anything.
# EXCEPT: offsets of bytes that its kernel has changed by then, in decimal.
as_foretold() {
  foretold_guest=$1
  shift
  for foretold_one; do
    runs pcibackflow guest-view --device $foretold_one --all-registers
    bytes < $STATE/out > $STATE/foretold
    guest_bytes $foretold_guest "$(where $foretold_guest $foretold_one)" > $STATE/guest
    equal "bytes of $foretold_one that the guest can read" "$(wc -l < $STATE/foretold)" "$(wc -l < $STATE/guest)"
    differ "bytes of $foretold_one" 0 "$(wc -l < $STATE/guest)"
    for offset in $(differing $STATE/foretold $STATE/guest); do
      case " ${EXCEPT:-} " in *" $offset "*) continue ;; esac
      fail "$foretold_one, $(printf 'byte 0x%x' $offset): guest-view says $(byte_at $STATE/foretold $offset), the guest reads $(byte_at $STATE/guest $offset)"
    done
    note "$foretold_one: $(wc -l < $STATE/guest) bytes as foretold"
  done
}

# situation: for the log of a case that failed.
situation() {
  echo "-- situation: domains, devices in xenstore, the daemon, the kernel's last words"
  xl list
  xenstore-ls -fp /local/domain/0/backend/pci
  for left in $(xenstore-list /local/domain | grep -vx 0); do xenstore-ls -fp /local/domain/$left/device/pci; done
  if daemon_alive; then
    for thread in /proc/$(cat $STATE/serve.pid)/task/*; do echo "$(cat $thread/comm): $(cat $thread/wchan) $(cat $thread/syscall)"; done
    timeout 10 pcibackflow status
  else
    echo "no daemon runs"
  fi
  tail -30 /var/log/lab/serve.log
  tail -${TRACE:-60} /var/log/lab/xenstored | cut -c1-160
  ps | grep -v '\]$' | tail -25
  dmesg | tail -15
}

# --- what Xen itself holds

# keys LETTERS: what Xen's debug keys print.
keys() {
  xl dmesg -c > /dev/null
  xl debug-keys "$1"
  xl dmesg | sed 's/^(XEN) //; s/^\[[^]]*\] //'
}

# owner BDF: host, quarantine, or the guest as Xen names it, e.g. d3.
owner() { keys Q | sed -n "s/^$1 - \([^ ]*\) - .*/\1/p" | sed 's/^d0$/host/; s/^DomIO.*/quarantine/; s/^d\[IO\]$/quarantine/'; }

# ranges NAME: the memory and the ports that Xen lets this guest have.
ranges() { keys q | awk -v d="$(domid "$1")" '/^General information for domain/ { mine = $5 == d ":" } mine && /I\/O (Memory|Ports)/ { $1 = $1; print }'; }

# xen_state: the domains, who owns each device and its interrupts, interrupts and event channels of guests, message interrupts at all,
# grants that are mapped, xenstore's nodes of guests; sorted text, of which two can be compared. A device that no guest has may be dom0's or in quarantine.
xen_state() {
  keys qQieg > $STATE/keys
  {
    xl list | awk 'NR > 1 { print "domain", $2, $1 }'
    sed -n 's/^General information for domain \([0-9]*\):.*/known domain \1/p' $STATE/keys
    sed -n 's/^\([0-9a-f]*:[0-9a-f]*:[0-9a-f]*\.[0-7] - .*\)/device \1/p' $STATE/keys | sed 's/ - d0 - / - host - /; s/ - d\[IO\] - / - host - /; s/ - DomIO:[0-9a-f]* - / - host - /; s/ *$//'
    sed -n 's/^ *\(IRQ: *[0-9]*\) .* \(d[1-9][0-9]*:.*\)/interrupt of a guest \1 \2/p; s/^ *\(IRQ: *[0-9]*\) .*PCI-MSI.*/message interrupt \1/p' $STATE/keys
    awk '/^Event channel information for domain/ { channels = $NF } / d=[1-9]/ && / p=/ { sub(/^ +/, ""); print "channel of domain", channels, $0 }
      /^grant-table for remote d/ { grants = $4 } /^\[ *[0-9]*\] .*0x/ { print "grant of", grants, $0 }' $STATE/keys
    for kind in /local/domain /libxl /local/domain/0/backend/pci /vm; do
      # xl keeps /libxl/pci, empty or with names that people gave; who has a device is a leaf in it.
      xenstore-list $kind 2> /dev/null | grep -vx -e 0 -e pci | sed "s#^#node $kind/#"
    done
    xenstore-ls -f /libxl/pci 2> /dev/null | grep '/domid = ' | sed 's/^/node /'
  } | sort
}

# nothing_leaked: no guest is left, and Xen holds nothing that it did not hold before the first case. Not by anything the tested program says.
nothing_leaked() {
  within 15 only_dom0 || fail "domains are left: $(xl list | tail -n +2 | tr '\n' ' ')"
  leak_left=10
  while :; do
    xen_state > $STATE/now
    diff $STATE/baseline $STATE/now > $STATE/difference && break
    leak_left=$((leak_left - 1))
    [ $leak_left -gt 0 ] || break
    sleep 0.5
  done
  if ! diff $STATE/baseline $STATE/now; then
    cat $STATE/keys
    fail "left behind: $(diff $STATE/baseline $STATE/now | grep '^[-+][^-+]' | head -5 | tr '\n' ';')"
  fi
  note "nothing leaked: domains, devices' owners, interrupts, event channels, grants, xenstore as before"
}

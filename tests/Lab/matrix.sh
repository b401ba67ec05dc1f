#!/usr/bin/env bash
# Runs every scenario on every host of hosts.txt, or on those named, and prints what held as a table, in Markdown.
#
#   tests/Lab/matrix.sh [HOST...]
#   tests/Lab/matrix.sh --table [HOST...]    the table alone, from the logs that are there
#
# Fails if a case did not hold or a host cannot be made. The variables of docs/lab.md apply.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
logs=${PCIBACKFLOW_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pcibackflow-lab}/logs
only_table=
[ "${1:-}" != --table ] || { only_table=yes; shift; }
hosts=$*
[ -n "$hosts" ] || hosts=$("$here/prepare.sh" --list)

# cell HOST SCENARIO: how many of its cases held, and how long the boot took.
cell() {
  local log=$logs/$1/$2.log cases held seconds
  [ -e "$log" ] || { echo "not run"; return; }
  cases=$(grep -c '^[A-Z][A-Za-z0-9_]*() *{' "$here/Scenarios/$2.sh")
  held=$(grep -c '^\[ *[0-9.]*\] ## CASE [^ ]* ok$' "$log")
  seconds=$(tail -1 "$log" | sed -n 's/^\[ *\([0-9]*\)\..*/\1/p')
  if [ "$held" = "$cases" ]; then echo "$held, $seconds s"; else echo "**$held of $cases**, $seconds s"; fi
}

# ready HOST: the range of the times from QEMU's start until dom0 was up.
ready() {
  sed -n 's/^\[ *\([0-9]*\)\.[0-9]*\] ## BOOT ready$/\1/p' "$logs/$1"/*.log 2>/dev/null | sort -n \
    | awk 'NR == 1 { first = $1 } { last = $1 } END { if (NR) print (first == last ? first : first " to " last) " s"; else print "not run" }'
}

table() {
  local host scenario
  printf '| cases that held, and seconds |'; printf ' %s |' $hosts
  printf '\n|---|'; printf -- '---|%.0s' $hosts
  for scenario in $(basename -s .sh "$here"/Scenarios/*.sh); do
    printf '\n| `%s` |' "$scenario"
    for host in $hosts; do printf ' %s |' "$(cell "$host" "$scenario")"; done
  done
  printf '\n| from the start until dom0 is up |'
  for host in $hosts; do printf ' %s |' "$(ready "$host")"; done
  echo
}

code=0
[ -n "$only_table" ] || for host in $hosts; do
  "$here/prepare.sh" "$host" || { code=1; continue; }
  # What an earlier run left must not be taken for this one's.
  rm -rf "${logs:?}/$host"
  PCIBACKFLOW_LAB=1 PCIBACKFLOW_LAB_HOST=$host \
    dotnet test --project "$here" -- --filter-namespace PciBackFlow.Lab.Tests.Scenarios || code=1
done
table
exit $code

# One case. It holds if its function reaches its end; a failed command that nothing expected ends it, as does fail.
. /lab/lab.sh
. /lab/scenario.sh
ended=
verdict() {
  code=$?
  if [ -n "$ended" ]; then text=ok
  elif [ -e $STATE/reason ]; then text="FAILED $(head -1 $STATE/reason)"
  else text="FAILED a command nobody expected to fail ended the case with $code"; fi
  echo "$text" > $STATE/verdict.new
  mv $STATE/verdict.new $STATE/verdict
}
trap verdict EXIT
set -eu
$1
ended=yes

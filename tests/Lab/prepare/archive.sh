# Packages of any suite of Debian, whichever this machine runs. Each suite has an apt folder of its own, with nothing installed in it, so the machine's own apt is
# neither changed nor asked what is there already. From where, and whose signature counts, is what the machine's own sources say of Debian's archive.

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

machine_updated=
update_machine_once() { [ -n "$machine_updated" ] || as_root apt-get update -q || failed "apt-get update failed"; machine_updated=1; }

# install_tools PACKAGE...: on this machine.
install_tools() {
  dpkg -s "$@" >/dev/null 2>&1 && return
  update_machine_once
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" || failed "cannot install $*"
}

# archive_entry: FILE:LINE of the machine's own source of Debian's main archive. Apt knows whose archive it is from the lists it has fetched.
archive_entry() {
  apt-get indextargets --format '$(SOURCESENTRY)|$(ORIGIN)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' \
    | awk -F '|' '$2 == "Debian" && $3 == "Debian" && $4 == "main" { print $1; exit }'
}

# source_of SUITE FOLDER: writes the machine's entry with this suite's name in it.
source_of() {
  local entry file line
  entry=$(archive_entry)
  [ -n "$entry" ] || { update_machine_once; entry=$(archive_entry); }
  [ -n "$entry" ] || failed "this machine's apt has no source of Debian's main archive"
  file=${entry%:*} line=${entry##*:}
  case $file in
    *.sources)
      awk -v line="$line" -v suite="$1" '
        FNR < line || /^#/ { next }
        /^[ \t]*$/ { exit }
        /^[^ \t]/ { field = tolower($1) }
        field == "types:" || field == "suites:" || field == "components:" { next }
        { print }
        END { print "Types: deb"; print "Suites: " suite; print "Components: main" }' "$file" >"$2/suite.sources" ;;
    *) sed -n -E "${line}s/^[ \t]*deb(-src)?([ \t]+\[[^]]*\])?[ \t]+([^ \t]+)[ \t].*/deb\2 \3 $1 main/p" "$file" >"$2/suite.list" ;;
  esac
  grep -q '://' "$2"/suite.* || failed "no address in the apt source at $entry"
}

# use_suite SUITE: apt and apt_cache speak of this suite from now on; what it offers is fetched once a run.
use_suite() {
  local folder=$cache/archive/$1
  apt_options=(
    -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$folder/sources" -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o "Dir::State=$folder" -o "Dir::State::lists=$folder/lists" -o "Dir::State::status=$folder/status"
    -o "Dir::Cache=$folder" -o "Dir::Cache::archives=$folder/archives" -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User=root)
  case ${fetched_suites:-} in *" $1 "*) return ;; esac
  rm -rf "$folder/sources"
  mkdir -p "$folder/sources" "$folder/lists/partial" "$folder/archives/partial"
  : >"$folder/status"
  source_of "$1" "$folder/sources"
  # A mistake of one index is a warning to apt, not a failure.
  apt update -q -o APT::Update::Error-Mode=any || failed "the suite $1 cannot be reached"
  fetched_suites="${fetched_suites:-} $1 "
}
apt() { apt-get "${apt_options[@]}" "$@"; }
apt_cache() { apt-cache "${apt_options[@]}" "$@"; }

# unpack ROOT DEB...: into a root whose /bin and /lib are links into /usr, as the packages of every suite from Debian 12 on allow. Its .versions says what is in it.
unpack() {
  local root=$1 package
  shift
  mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
  for package in bin sbin lib lib64; do ln -sfn "usr/$package" "$root/$package"; done
  for package; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --no-same-owner || failed "$package cannot be unpacked"
    dpkg-deb --show --showformat '${Package} ${Version}\n' "$package" >>"$root/.versions"
  done
}

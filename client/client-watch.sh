# Part of lbackup-filevault-client: the verb `watch`.
# shellcheck shell=sh

verb_watch() {
  set_dialect
  interval=$1
  closed=
  nap=
  trap 'closed=yes; if [ -n "$nap" ]; then kill "$nap"; fi' USR1
  # shellcheck disable=SC2016
  me=$(exec sh -c 'echo "$PPID"')
  # Again and again: a signal that comes just before `wait` would be lost.
  { cat >/dev/null && while kill -USR1 "$me"; do sleep 1; done; } <&3 &
  exec 3<&-
  before=
  last=
  while :; do
    # What is done before the input is closed is seen, so the look after that is the last one.
    ending=$closed
    after=$(things)
    this=$(now)
    if [ -n "$last" ] && [ $((this - last)) -gt $((2 * interval)) ]; then printf 'gap %s\n' $((this - last)); fi
    changes "$before" "$after"
    printf 'tick %s\n' "$this"
    if [ -n "$ending" ]; then break; fi
    before=$(kept "$before" "$after")
    last=$this
    if [ -n "$closed" ]; then continue; fi
    sleep "$interval" &
    nap=$!
    wait "$nap"
    nap=
  done
}

now() { "$tool_date" +%s; }

# What there is now, one thing a line, in the words that tell of its coming. `? WORD` where it could not be found out.
things() {
  bounded 60 things_logged_in || echo '? login'
  bounded 60 things_attached || echo '? attached'
  bounded 60 things_in_homes || echo '? appeared'
  bounded 60 things_mounted || echo '? mounted'
}

things_logged_in() {
  if ! users=$("$tool_who"); then echo '? login' && return; fi
  {
    printf '%s\n' "$users" | awk 'NF { print $1 }'
    if [ "$platform" = macos ]; then "$tool_stat" -f %Su /dev/console; fi
  } | tr -c 'A-Za-z0-9._@\n-' '?' | sort -u | awk '$0 != "" && $0 != "root" { print "login " $0 }'
}

things_attached() {
  if [ "$platform" = macos ]; then
    if ! text=$("$tool_hdiutil" info -plist); then echo '? attached' && return; fi
    printf '%s' "$text" | attached_paths | from_lines | hex_names 0 | sed 's/^/attached /'
  else
    (set +f && cat /sys/block/loop*/loop/backing_file) | from_lines | hex_names 0 | sed 's/^/attached /'
  fi
}

things_in_homes() {
  IFS=$lf
  for root in $roots; do
    IFS=" 	$lf"
    enter_parent "$root" || continue
    if [ "$name" = . ]; then top=.; else top=./$name; fi
    above=$(hex_of "${root%/*}")
    "$tool_find" "$top" -xdev -maxdepth 2 \( -iname '*.sparsebundle' -o -iname '*.backupbundle' -o -iname '*.sparseimage' \) -print0 |
      hex_names 0 | sed "s/^2e/appeared $above/"
  done
}

# `SOURCE on PLACE (KIND, FLAGS)` on a Mac; mountinfo writes blank, tab, LF and backslash in octal.
things_mounted() {
  if [ "$platform" = macos ]; then
    if ! text=$("$tool_mount"); then echo '? mounted' && return; fi
    printf '%s\n' "$text" | sed -n 's/^.* on \(\/.*\) ([^(]*)$/\1/p'
  else
    awk '{
      place = $5
      gsub(/\\040/, " ", place)
      gsub(/\\011/, "\t", place)
      gsub(/\\012/, "\001", place)
      gsub(/\\134/, "\\", place)
      print place
    }' /proc/self/mountinfo
  fi | from_lines | hex_names 0 | sort -u | sed 's/^/mounted /'
}

# What is in only one of two lists. Nothing is said of what could not be found out; that it could not is said once.
changes() {
  {
    printf '%s\n' "$1" | sed 's/^/- /'
    printf '%s\n' "$2" | sed 's/^/+ /'
  } | awk '
    BEGIN { gone["login"] = "logout"; gone["attached"] = "detached"; gone["appeared"] = "vanished"; gone["mounted"] = "unmounted" }
    { what = substr($0, 3) }
    what == "" { next }
    $1 == "-" { old[what] = 1; next }
    { new[what] = 1 }
    $2 == "?" { unknown[$3] = 1; if (!(what in old)) print "problem It cannot be found out what is there (" $3 ")." }
    $2 != "?" && !(what in old) { print what }
    END {
      for (what in old) {
        split(what, word, " ")
        if (word[1] in gone && !(what in new) && !(word[1] in unknown)) print gone[word[1]] substr(what, length(word[1]) + 1)
      }
    }'
}

# The new list, with what the old one knew of things that could not be found out.
kept() {
  printf '%s\n' "$2"
  for word in $(printf '%s\n' "$2" | sed -n 's/^? //p'); do
    printf '%s\n' "$1" | grep "^$word "
  done
}

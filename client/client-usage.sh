# Part of lbackup-filevault-client: what uses the images, as programs and the kernel tell it.
# shellcheck shell=sh

tool_seconds=60
max_output=4194304

tell_usage() {
  if [ "$platform" = macos ]; then tell_usage_macos; else tell_usage_linux; fi
}

# Runs a program and tells what it printed. Its exit status comes last and is told first.
tell_tool() {
  tool_name=$1
  shift
  if ! command -v "$1" >/dev/null; then
    printf 'tool %s none\n' "$tool_name"
    return
  fi
  {
    bounded "$tool_seconds" "$@"
    printf '%03d\n' "$?"
  } | head -c $((max_output + 5)) | od -A n -v -t x1 | awk -v name="$tool_name" -v most="$max_output" '
    NF { $1 = $1; line[++lines] = $0; bytes += NF }
    END {
      if (bytes > most + 4) {
        print "tool " name " 141"
        print "problem " name " printed more than " most " bytes."
        exit
      }
      count = split(line[lines - 1] " " line[lines], byte, " ")
      code = ""
      for (i = count - 3; i < count; i++) code = code substr(byte[i], 2, 1)
      print "tool " name " " code + 0
      for (i = 1; i < lines - 1; i++) print "x " line[i]
      for (i = 1; i <= count - 4; i++) printf "%s%s", (i % 16 == 1 ? "x " : " ") byte[i], (i % 16 == 0 || i == count - 4 ? "\n" : "")
    }'
}

# ---- macOS

tell_usage_macos() {
  tell_hdiutil
  tell_tool mount "$tool_mount"
  tell_tool who "$tool_who"
  if command -v "$tool_scutil" >/dev/null; then tell_tool scutil ask_scutil; else echo 'tool scutil none'; fi
  tell_tool console "$tool_stat" -f %Su /dev/console
  tell_tool dscl "$tool_dscl" -plist . -readall /Users NFSHomeDirectory HomeDirectory
  tell_tool users "$tool_dscl" . -list /Users UniqueID
  tell_lsof
  tell_tool ps "$tool_ps" -axo pid=,ppid=
  tell_exports /etc/exports
}

ask_scutil() { printf 'show State:/Users/ConsoleUser\n' | "$tool_scutil"; }

# Also what lies at each path that it names: only device and inode tell whether that is one of our images.
tell_hdiutil() {
  if ! command -v "$tool_hdiutil" >/dev/null; then
    echo 'tool hdiutil none'
    return
  fi
  answer=$({
    bounded "$tool_seconds" "$tool_hdiutil" info -plist
    printf '%03d' "$?"
  } | head -c $((max_output + 4)))
  if [ "${#answer}" -gt $((max_output + 3)) ]; then
    echo 'tool hdiutil 141'
    problem "hdiutil printed more than $max_output bytes."
    return
  fi
  text=${answer%???}
  code=${answer#"$text"}
  printf 'tool hdiutil %s\n' "$(echo "$code" | sed 's/^00*\(.\)/\1/')"
  printf '%s' "$text" | hex_lines
  printf '%s' "$text" | attached_paths | from_lines | hex_names 0 | while read -r hex; do
    unhex "$hex" || continue
    # It may lie on a server that is gone.
    found=$(bounded 10 "$tool_stat" -f '%d %i' "$bytes")
    case $found in '' | *[!0-9\ ]*) found='- -' ;; esac
    printf 'identity %s %s\n' "$hex" "$found"
  done
}

# The values of image-path in a property list, one a line.
attached_paths() {
  awk -v RS='<' '
    /^key>/ { wanted = $0 ~ /^key>image-path$/; next }
    /^string>\// && wanted {
      path = substr($0, 8)
      gsub(/\n/, "\001", path)
      gsub(/&lt;/, "<", path)
      gsub(/&gt;/, ">", path)
      gsub(/&quot;/, "\"", path)
      gsub(/&apos;/, "\047", path)
      gsub(/&amp;/, "\\&", path)
      if (!(path in told) && ++count <= 256) print path
      told[path] = 1
      wanted = 0
    }'
}

tell_lsof() {
  set --
  for hex in $lsof_files; do
    unhex "$hex" && set -- "$@" "$bytes"
  done
  if [ "$#" -eq 0 ]; then return; fi
  tell_tool lsof "$tool_lsof" -n -P -w -F pcuLfDin0 -- "$@"
}

# The first of the files given that there is.
tell_exports() {
  for file; do
    if [ -f "$file" ]; then
      tell_tool exports cat "$file"
      return
    fi
  done
  echo 'tool exports none'
}

# ---- Linux

tell_usage_linux() {
  if [ "$images" -gt 0 ]; then tell_open_files; fi
  for file in $(set +f && printf '%s\n' /sys/block/loop*/loop/backing_file); do
    if [ ! -r "$file" ]; then continue; fi
    device=${file#/sys/block/}
    backing=$(cat "$file")
    if [ -n "$backing" ]; then printf 'loop %s %s\n' "${device%%/*}" "$(hex_of "$backing")"; fi
  done
  tell_tool mountinfo cat /proc/self/mountinfo
  tell_tool locks cat /proc/locks
  tell_exports /proc/fs/nfsd/exports /var/lib/nfs/etab
  tell_tool passwd cat /etc/passwd
  tell_tool namespace readlink /proc/self/ns/pid
}

# Once by the name that a descriptor has, and once by device and inode of the files that whoever uses an image keeps open:
# in another mount namespace they have another name.
tell_open_files() {
  {
    # `refused` is what find says of the processes that it may not look into.
    denied=$(users_of_images 2>&1 >&4 4>&- | awk '
      /Permission denied$/ { match($0, /\/proc\/[0-9]*/); print substr($0, RSTART, RLENGTH) }' | sort -u)
  } 4>&1
  not_allowed=0
  for process in $denied; do
    if is_denied "$process"; then not_allowed=$((not_allowed + 1)); fi
  done
  tell_tool refused echo "$not_allowed"
}

# The kernel denies the descriptors of a process that ended a moment ago just as those of one that may not be looked into.
is_denied() {
  if [ "$1" = /proc/1 ] && [ "$uid" = 0 ] && is_no_server; then return 1; fi
  action='-printf %l'
  if [ "$dialect" != gnu ]; then action=-print; fi
  # shellcheck disable=SC2086
  case $("$tool_find" "$1/fd" -maxdepth 1 $action 2>&1 >/dev/null) in
  *'Permission denied'*) [ -d "$1" ] ;;
  *) return 1 ;;
  esac
}

users_of_images() {
  users=$({
    printf '%s\n' "$image_paths" "$key_files"
    process_table
    echo
    descriptors
  } | matching_descriptors)
  if [ "$dialect" != gnu ]; then problem 'Without find -printf, only who has the key files of an image open is known.'; fi
  case $lf$users in *"$lf!"*) problem 'More than 4096 files of images are open.' ;; esac
  {
    for pid in $(printf '%s\n' "$users" | awk '$1 != "!" { print $2 }' | sort -u); do
      program=
      owner=
      while read -r key value rest; do
        case $key in Uid:) owner=$value ;; esac
      done <"/proc/$pid/status"
      IFS= read -r program <"/proc/$pid/comm"
      if [ -n "$owner" ]; then printf '%s %s %s\n' "$pid" "$owner" "$(printf '%s' "$program" | tr -c 'A-Za-z0-9._:+@/-' _)"; fi
    done
    echo
    printf '%s\n' "$users"
  } | awk '
    !listed && $0 == "" { listed = 1; next }
    !listed { who[$1] = $2 " " ($3 == "" ? "_" : $3); next }
    $2 in who { print "open " $1 " " $2 " " who[$2] " " substr($0, length($1) + length($2) + 3) }'
}

# Under a sandbox or container manager the first process may have rights that root lacks, and is then closed to root. It
# starts the others and opens no image, unless it is the container's only service.
is_no_server() {
  read -r program </proc/1/comm
  case $program in
  smbd* | afpd* | nfsd* | lockd* | ganesha.nfsd* | ksmbd* | unfsd*) return 1 ;;
  esac
}

# Lines `t /proc/PID/fd/N TARGET` and `i DEVICE INODE /proc/PID/fd/N`. Only here a link is followed, by -L.
descriptors() {
  if [ "$dialect" != gnu ]; then
    process_folders | xargs -0 sh -c 'exec "$0" "$@" -mindepth 1 -maxdepth 1 -print0' "$tool_find" |
      xargs -0 "$tool_stat" -L -c 'i %d %i %n' 2>/dev/null
    return
  fi
  process_folders | xargs -0 sh -c 'exec "$0" "$@" -mindepth 1 -maxdepth 1 -printf "t %p %l\\0"' "$tool_find" | to_lines
  process_folders | xargs -0 sh -c 'exec "$0" -L "$@" -mindepth 1 -maxdepth 1 -type f -printf "i %D %i %p\\0"' "$tool_find" 2>/dev/null |
    to_lines
}

process_folders() (set +f && printf '%s\000' /proc/[0-9]*/fd)

# Comes in: `IMAGE PATH`, `DEVICE INODE IMAGE NAME`, `PID PARENT` and descriptors, an empty line between. Goes out: `IMAGE PID
# NAME`, without this program, what it started and what started it.
matching_descriptors() {
  awk -v me="$$" '
    function ours(pid,  at, steps) {
      for (at = pid; at in parent && steps < 1000; at = parent[at]) {
        if (at == me) return 1
        steps++
      }
      return 0
    }
    function tell(image, pid, name) {
      if ((image, pid, name) in told || pid in above) return
      if (!(pid in mine)) mine[pid] = ours(pid)
      if (mine[pid]) return
      told[image, pid, name] = 1
      if (++count > 4096) { if (count == 4097) print "!"; return }
      print image " " pid " " name
    }
    section < 3 && $0 == "" { section++; next }
    section == 0 { mark = index($0, " "); image[substr($0, mark + 1)] = substr($0, 1, mark - 1); next }
    section == 1 {
      key[$1, $2] = $3
      called[$1, $2] = substr($0, length($1) + length($2) + length($3) + 4)
      next
    }
    section == 2 { parent[$1] = $2; next }
    !begun { begun = 1; for (at = parent[me]; at in parent && steps++ < 1000; at = parent[at]) above[at] = 1 }
    /^i / {
      if (($2, $3) in key) { split($4, part, "/"); tell(key[$2, $3], part[3], called[$2, $3]) }
      next
    }
    /^t [^ ]* \// {
      split($2, part, "/")
      path = substr($0, length($2) + 4)
      count_names = split(path, names, "/")
      front = ""
      for (i = 2; i <= count_names; i++) {
        front = front "/" names[i]
        if (front in image) {
          name = substr(path, length(front) + 2)
          if (name == "") name = names[count_names]
          tell(image[front], part[3], name)
          break
        }
      }
    }'
}

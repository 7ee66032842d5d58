# Part of lbackup-filevault-client: the verb `look`. Finds images below the roots and tells of each what is needed to judge
# it from afar.
# shellcheck shell=sh

# Deeper folders are not looked into; more images than this are too many for one call.
max_depth=64
max_images=1024
mebibyte=1048576

verb_look() {
  set_dialect
  printf 'platform %s\nclock %s\n' "$platform" "$("$tool_date" +%s)"
  images=0
  images_seen=0
  image_paths=
  key_files=
  lsof_files=
  homes=
  upper_homes=
  over=
  if [ "$#" -eq 0 ]; then
    IFS=$lf
    for root in $roots; do
      IFS=" 	$lf"
      set -- "$@" "$(hex_of "$root")"
    done
    IFS=" 	$lf"
  fi
  # All are checked before the first is looked at.
  for asked; do
    enter "$asked"
    if [ "$?" -eq "$refused" ]; then tell_code "$refused" && return "$refused"; fi
  done
  for asked; do
    look_below "$asked"
    if [ -n "$over" ]; then return "$too_much"; fi
  done
  tell_usage
}

look_below() {
  unhex "$1"
  state=$(root_state "$bytes")
  printf 'root %s %s\n' "$1" "$state"
  case $state in
  ok) ;;
  unreadable) problem 'A root cannot be listed.' && return ;;
  *) return ;;
  esac
  enter "$1" || return
  take_facts "$(facts "./$name")" || return
  above=$(hex_of "${path%/*}")
  if [ "$name" = . ]; then top=.; else top=./$name; fi
  found=$(walk "$device")
  printf 'device %s\n' "$device"
  IFS=$lf
  for row in $found; do
    IFS=" 	$lf"
    take_row "${row%% *}" "${row#* }"
    if [ -n "$over" ]; then return; fi
  done
  IFS=" 	$lf"
}

# One row of the walk, $1: its kind, $2: the digits of a path that begins with `.` (or a number).
take_row() {
  hex=$above${2#2e}
  case $1 in
  0) unhex "$2" && printf 'entries %s\n' "$bytes" ;;
  1 | 2 | 3)
    images_seen=$((images_seen + 1))
    if [ "$images_seen" -gt "$max_images" ]; then
      if [ -z "$over" ]; then problem "There are more than $max_images images."; fi
      over=yes
    else
      look_at "$1" "$hex"
    fi
    ;;
  4) printf 'other-image %s\n' "$hex" ;;
  5) printf 'skipped other-device %s\n' "$hex" ;;
  6) printf 'skipped depth %s\n' "$hex" ;;
  7)
    printf 'skipped unreadable %s\n' "$hex"
    problem 'A folder could not be read.'
    ;;
  8) problem 'Something could not be looked into, or a name that holds a line feed was passed over.' ;;
  00)
    problem "A root holds more than $max_entries names."
    over=yes
    ;;
  esac
}

# ---- Finding images

# Rows of what lies at $top and below, which is on device $1.
walk() {
  {
    said=$({
      case $dialect in
      gnu) walk_at_once | to_lines ;;
      *) walk_in_steps ;;
      esac | choose "$1" | sort | from_lines | hex_names 1
    } 2>&1 >&4 4>&- | sed -n '1,1000p')
  } 4>&1
  printf '%s\n' "$said" | choose_errors | from_lines | hex_names 1
}

# All names are told and awk chooses: each test of a name in find costs as much as reading the name does.
walk_at_once() {
  "$tool_find" "$top" -xdev -maxdepth "$max_depth" \
    -type d \( -iname '*.sparsebundle' -o -iname '*.backupbundle' -o -iname '*bundle.incomplete' \) -printf '%y %D %p\0' -prune -o \
    -type d -printf '%y %D %p\0' -o -printf '%y - %p\0' || died "$?" find
}

# Without -printf: once to count, a NUL for each name and the line feeds in it, and once for what is told whole.
walk_in_steps() {
  "$tool_find" "$top" -xdev -maxdepth "$max_depth" \
    -type d \( -iname '*.sparsebundle' -o -iname '*.backupbundle' -o -iname '*bundle.incomplete' \) -print0 -prune -o \
    -print0 2>/dev/null | tr -d '\001-\011\013-\377' | to_lines
  if [ "$dialect" = bsd ]; then set -- -f '%p %d %N'; else set -- -c '%f %d %n'; fi
  "$tool_find" "$top" -xdev -maxdepth "$max_depth" -name "*$lf*" -prune -o \
    -type d \( -iname '*.sparsebundle' -o -iname '*.backupbundle' -o -iname '*bundle.incomplete' \) -print0 -prune -o \
    \( -type d -o -name Info.plist -o -name Info.bckup -o -name token -o -name bands \
    -o -iname '*.sparseimage' -o -iname '*.dmg' -o -iname '*.dmgpart' -o -iname '*.incomplete' \) -print0 |
    { xargs -0 "$tool_stat" "$@" || died "$?" stat; } | letters ''
}

# Lines `TYPE DEVICE PATH` come in, and where these are not all names, an empty line for each, or one of byte 01. Rows `KIND
# PATH` go out, for `take_row`.
choose() {
  awk -v home="$1" -v max="$max_entries" -v deepest="$max_depth" -v steps="$dialect" '
    function keep(kind, path) {
      if (!(path in kinds)) order[++kept] = path
      kinds[path] = kind
    }
    function in_image(path) {
      while (sub(/\/[^\/]*$/, "", path)) if (path in kinds && kinds[path] == 1) return 1
      return 0
    }
    steps == "gnu" { entries++ }
    steps != "gnu" && /^\001*$/ { entries++; if ($0 != "") feeds = 1 }
    entries > max { over = 1; exit }
    # Most names are none of ours, and are gone with one look.
    !/^d/ && !/(Info\.plist|Info\.bckup|\/token|\/bands|\.[sS][pP][aA][rR][sS][eE][iI][mM][aA][gG][eE]|\.[dD][mM][gG].*|\.[iI][nN][cC][oO][mM][pP][lL][eE][tT][eE])$/ { next }
    {
      type = substr($0, 1, 1)
      path = substr($0, 3)
      mark = index(path, " ")
      device = substr(path, 1, mark - 1)
      path = substr(path, mark + 1)
      base = path
      sub(/^.*\//, "", base)
      folder = substr(path, 1, length(path) - length(base) - 1)
      low = tolower(base)
    }
    base == "Info.plist" || base == "Info.bckup" { plist[folder] = 1 }
    base == "token" || base == "bands" { member[folder] = 1 }
    type == "d" {
      slashes = path
      if (device != home) keep(5, path)
      else if (low ~ /\.(sparsebundle|backupbundle)$/) keep(1, path)
      else if (low ~ /\.(sparsebundle|backupbundle)\.incomplete$/) keep(4, path)
      else if (gsub(/\//, "", slashes) > deepest) keep(6, path)
      next
    }
    type != "f" { next }
    low ~ /\.sparseimage$/ { keep(2, path) }
    low ~ /\.dmg(part)?$/ { keep(3, path) }
    low ~ /\.(sparseimage|dmg)\.incomplete$/ { keep(4, path) }
    END {
      print "0 " entries
      if (over) print "00 ."
      if (feeds) print "8 ."
      for (path in plist) if (path in member) keep(tolower(path) ~ /\.incomplete$/ ? 4 : 1, path)
      for (i = 1; i <= kept; i++) if (!in_image(order[i])) print kinds[order[i]] " " order[i]
    }'
}

# What find says of folders that it may not read becomes rows too. GNU find puts names between quotes and writes those that
# are no plain text in a way of its own.
choose_errors() {
  awk '
    $0 == "" || /: No such file or directory$/ { next }
    /^[^ ]*find: .*: (Permission denied|Operation not permitted)$/ {
      sub(/^[^ ]*find: /, "")
      sub(/: [^:]*$/, "")
      if (substr($0, 1, 1) == "\047") $0 = substr($0, 2, length($0) - 2)
      if ($0 !~ /\\/) { print "7 " $0; next }
    }
    !told++ { print "8 ." }'
}

# ---- Images

# $1: 1 a bundle, 2 a sparse image, 3 a file that may be one; $2: the digits of its path.
look_at() {
  enter "$2" && take_facts "$(facts "./$name")"
  if [ "$?" -ne 0 ]; then problem 'An image vanished while it was looked at.' && return; fi
  case $1-$type in
  1-d) kind=sparse-bundle ;;
  2-f | 3-f) kind=sparse-image ;;
  *) problem 'An image became something else while it was looked at.' && return ;;
  esac
  magic=
  if [ "$type" = f ]; then
    # One more character than what is read, so that an empty file is no unreadable one.
    if can_open "./$name"; then magic=$(digits "./$name" 0 8)-; else problem 'An image cannot be read.'; fi
  fi
  case $1-$magic in
  3-73707273*) ;;
  3-*) printf 'other-image %s\n' "$2" && return ;;
  esac
  printf 'image %s %s %s %s %s %s\n' "$kind" "$device" "$inode" "$owner" "$(born "./$name")" "$2"
  image_paths=$image_paths$images\ $(printf '%s' "$path" | tr '\n' '\001')$lf
  at=$path
  tell_homes
  path=$at
  if [ "$kind" = sparse-image ]; then
    key_files="$key_files$device $inode $images $(printf '%s' "$name" | tr '\n' '\001')$lf"
    lsof_files="$lsof_files $2"
    if [ -n "$magic" ]; then tell_parts; fi
  elif go_into "$name"; then
    tell_members "$2"
  else
    problem 'An image cannot be entered, or was moved while it was looked at.'
  fi
  images=$((images + 1))
}

# The folder we are in and the one above it, each once.
tell_homes() {
  home=$(hex_of "${path%/*}")
  case " $homes " in
  *" ${home:-2f} "*) ;;
  *)
    homes="$homes ${home:-2f}"
    tell_home "${home:-2f}" .
    "$tool_find" . -maxdepth 1 ! -name . -print0 | hex_names 0 | sed -e 's/^2e2f/name /' -e 512q
    ;;
  esac
  if [ -z "$home" ]; then return; fi
  path=${path%/*}
  home=$(hex_of "${path%/*}")
  case " $homes $upper_homes " in
  *" ${home:-2f} "*) ;;
  *)
    upper_homes="$upper_homes ${home:-2f}"
    tell_home "${home:-2f}" ..
    ;;
  esac
}

# In a subshell: it must not change what is known of the image.
tell_home() (
  take_facts "$(facts "$2")" && printf 'home %s %s %s\n' "$1" "$device" "$owner"
)

# ---- Members of a bundle

tell_members() {
  known=$(facts ./Info.plist ./Info.bckup ./token ./com.apple.TimeMachine.MachineID.plist ./lock ./bands ./mapped)
  for member in Info.plist Info.bckup token com.apple.TimeMachine.MachineID.plist; do
    take_member "$member"
    tell_file "$member" "$mebibyte"
  done
  for member in Info.plist Info.bckup token lock; do
    take_member "$member"
    if [ "$type" != f ]; then continue; fi
    key_files="$key_files$device $inode $images $member$lf"
    case $member in token | lock) lsof_files="$lsof_files ${1}2f$(hex_of "$member")" ;; esac
  done
  take_member token
  if [ "$type-$size" = f-0 ]; then
    take_member bands
    if [ "$type" = d ]; then take_facts "$(facts ./bands/0)"; else type=missing; fi
    tell_file bands/0 4096
  fi
  take_member mapped
  if [ "$type" = d ]; then tell_bitmaps; fi
}

# Finds the line of `facts` about a member.
take_member() {
  IFS=$lf
  for line in $known; do
    IFS=" 	$lf"
    case $line in
    ?' '*" ./$1" | *"./$1':"* | *"./$1:"*)
      take_facts "$line"
      return
      ;;
    esac
  done
  IFS=" 	$lf"
  type=missing
}

# $1: the name of the member that `take_facts` was given, $2: how many bytes are told.
tell_file() {
  case $type in
  f)
    if [ "$2" -eq "$mebibyte" ] && [ "$size" -gt "$2" ]; then
      type=too-long
    elif ! can_open "./$1"; then
      type=unreadable
    fi
    ;;
  missing | unreadable) size=0 ;;
  esac
  printf 'file %s %s %s\n' "$1" "$type" "$size"
  if [ "$type" = f ]; then head -c "$2" <"./$1" | hex_lines; fi
}

can_open() { (: <"$1"); }

# All of mapped/ by number, and how long it is. Names of equal length are in order as text.
tell_bitmaps() {
  bitmaps=$(member_rows ./mapped 1 | awk -v most=65536 '
    $2 == "f" && $8 ~ /^(mapped\/)?[0-9a-f]+$/ && NF == 8 { sub(/^.*\//, "", $8); print length($8), $8, $3 }' |
    sort -k 1,1n -k 2,2 | awk -v most=65536 '{ if (sum < most) print $2; sum += $3 } END { printf "= %d\n", sum }')
  printf 'bitmaps %s\n' "${bitmaps##*= }"
  printf '%s\n' "$bitmaps" | sed -e '/^=/d' -e 's/^/.\/mapped\//' | tr '\n' '\000' | xargs -0 cat /dev/null | head -c 65536 | hex_lines
}

# ---- Sparse images

# $3 bytes of file $1 from offset $2 on. Blocks of 512, as only dd finds its way in a large file and counts in blocks.
piece() {
  dd if="$1" bs=512 skip=$(($2 / 512)) count=$((($2 % 512 + $3 + 511) / 512)) | tail -c +$(($2 % 512 + 1)) | head -c "$3"
}

digits() { piece "$@" | od -A n -v -t x1 | tr -d ' \n\t'; }

tell_part() {
  printf 'part %s\n' "$1"
  piece "./$name" "$1" "$2" | hex_lines
}

tell_parts() {
  case $magic in
  656e637263647361*) tell_part 0 131072 ;;
  *) tell_part 0 4096 ;;
  esac
  if [ "$size" -gt 1276 ]; then tell_part $((size - 1276)) 1276; fi
  case $magic in 73707273*) ;; *) return ;; esac
  node=0
  field=20
  count=1
  while [ "$count" -lt 1024 ]; do
    next=$(digits "./$name" $((node + field)) 8)
    # A number of more than 52 bits is no offset, and no number either for some shells.
    case $next in 000?????????????) next=$((0x$next)) ;; *) break ;; esac
    if [ "$next" -le "$node" ] || [ "$next" -ge "$size" ]; then break; fi
    tell_part "$next" 4096
    node=$next
    field=12
    count=$((count + 1))
  done
}

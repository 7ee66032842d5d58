# Part of lbackup-filevault-client: names as bytes, what find and stat tell, and the verbs about single files.
# shellcheck shell=sh

problem() { printf 'problem %s\n' "$1" | tr -c ' -~\n' '?'; }

# ---- Bytes and hexadecimal digits

# What comes in, as lines `x 3c 3f …`. Each od sets its own blanks.
hex_lines() { od -A n -v -t x1 | awk 'NF { $1 = $1; print "x " $0 }'; }

hex_of() { printf '%s' "$1" | od -A n -v -t x1 | tr -d ' \n\t'; }

# Records that end in NUL come in: $1 decimal numbers, each with a blank after it, and a name. Lines come out, the name
# in hexadecimal digits after $2.
hex_names() {
  od -A n -v -t x1 | awk -v numbers="$1" -v before="${2:-}" '
    function fresh() { head = ""; name = before; blanks = 0 }
    BEGIN { fresh() }
    {
      for (i = 1; i <= NF; i++) {
        if ($i == "00") { print head name; fresh() }
        else if (blanks == numbers) name = name $i
        else if ($i == "20") { head = head " "; blanks++ }
        else head = head substr($i, 2, 1)
      }
    }'
}

# Sets `bytes` to what the hexadecimal digits $1 stand for. Fails where a byte is 0.
unhex() {
  escapes=$(printf '%s\n' "$1" | awk -v digits=0123456789abcdef '{
    for (i = 1; i < length($0); i += 2) {
      value = (index(digits, substr($0, i, 1)) - 1) * 16 + index(digits, substr($0, i + 1, 1)) - 1
      if (value < 1) exit 1
      printf "\\0%03o", value
    }
  }') || return 1
  bytes=$(printf '%b' "$escapes" && echo x)
  bytes=${bytes%x}
}

# Records that end in NUL become lines, a LF in them the byte 01; and back.
to_lines() { tr '\n\000' '\001\n'; }
from_lines() { tr '\n\001' '\000\n'; }

# ---- The two dialects of stat, and find with and without -printf

# gnu: find -printf. plain: stat -c (busybox). bsd: stat -f; its formats are assumed from the manual page.
set_dialect() {
  if [ "$platform" = macos ]; then
    dialect=bsd
  elif "$tool_find" /dev/null -prune -printf '' >/dev/null 2>&1; then
    dialect=gnu
  else
    dialect=plain
  fi
}

# The mode that begins each line (octal on a Mac, else hexadecimal) becomes the letter of the type, after $1.
letters() {
  if [ "$dialect" = bsd ]; then
    sed -e "s/^10[0-7]\{4\} /$1f /" -e "s/^4[0-7]\{4\} /$1d /" -e "s/^12[0-7]\{4\} /$1l /" -e "s/^1[0-7]\{4\} /$1p /" \
      -e "s/^14[0-7]\{4\} /$1s /" -e "s/^6[0-7]\{4\} /$1b /" -e "s/^2[0-7]\{4\} /$1c /"
  else
    sed -e "s/^8[0-9a-f]* /$1f /" -e "s/^4[0-9a-f]* /$1d /" -e "s/^a[0-9a-f]* /$1l /" -e "s/^1[0-9a-f]* /$1p /" \
      -e "s/^c[0-9a-f]* /$1s /" -e "s/^6[0-9a-f]* /$1b /" -e "s/^2[0-9a-f]* /$1c /"
  fi
}

# `TYPE DEVICE INODE UID SIZE MODIFIED ./NAME` of each ./NAME given, and what the program says of the others.
facts() {
  case $dialect in
  gnu) "$tool_find" "$@" -prune -printf '%y %D %i %U %s %T@ %p\n' 2>&1 ;;
  plain) "$tool_stat" -c '%f %d %i %u %s %Y %n' "$@" 2>&1 | letters '' ;;
  bsd) "$tool_stat" -f '%p %d %i %u %z %Fm %N' "$@" 2>&1 | letters '' ;;
  esac
}

# Sets type, device, inode, owner, size and modified from a line of `facts`.
take_facts() {
  rest=${1%%"$lf"*}
  type=${rest%% *} rest=${rest#* }
  device=${rest%% *} rest=${rest#* }
  inode=${rest%% *} rest=${rest#* }
  owner=${rest%% *} rest=${rest#* }
  size=${rest%% *} rest=${rest#* }
  modified=${rest%% *}
  case $type in ?) return 0 ;; esac
  # No row: why not is what the program said.
  case $1 in
  *': No such file or directory' | *': Not a directory') type=missing ;;
  *) type=unreadable ;;
  esac
  return 1
}

# Born when, of ./NAME, in seconds; 0 where the system does not know.
born() {
  case $dialect in
  bsd) seconds=$("$tool_stat" -f %B "$1") ;;
  *) seconds=$("$tool_stat" -c %W "$1") ;;
  esac
  case $seconds in '' | *[!0-9]*) seconds=0 ;; esac
  printf '%s\n' "$seconds"
}

# ---- Paths

# $1: a path. Sets `name` and goes to the folder it lies in; `place` is that folder, without links. Fails with the code that
# the verb ends with.
enter_parent() {
  name=${1##*/}
  parent=${1%/*}
  parent=${parent:-/}
  name=${name:-.}
  if ! cd -P "$parent"; then
    case $(find "$parent/." -prune 2>&1) in
    *': No such file or directory' | *': Not a directory') return "$missing" ;;
    *) return "$unreadable" ;;
    esac
  fi
  place=$(pwd -P && echo x) || return "$unreadable"
  place=${place%"$lf"x}
  if [ "$place" = / ]; then place=; fi
}

# Whether path $1 is $2 or lies below it.
below() {
  if [ "$2" = / ]; then return 0; fi
  case $1 in
  "$2" | "$2"/*) return 0 ;;
  *) return 1 ;;
  esac
}

# Goes to the folder that holds the path with the hexadecimal digits $1, as `enter_parent` does, if it lies in a root, both
# as it is written and really.
enter() {
  unhex "$1" || return "$refused"
  path=$bytes
  case $path/ in
  //) ;;
  *//* | */./* | */../*) return "$refused" ;;
  esac
  in_a_root as_written "$path" || return "$refused"
  enter_parent "$path" || return
  in_a_root really "$place/$name" || return "$refused"
}

# $1: as_written or really, $2: the path.
in_a_root() {
  IFS=$lf
  for root in $roots; do
    IFS=" 	$lf"
    if [ "$1" = really ]; then root=$(really "$root") || continue; fi
    if below "$2" "$root"; then return 0; fi
  done
  IFS=" 	$lf"
  return 1
}

# The path $1 with no link in the folder it lies in. A root is a line of client.conf and holds no LF.
really() (
  enter_parent "$1" || return
  if [ "$name" = . ]; then echo /; else printf '%s/%s\n' "$place" "$name"; fi
)

# Goes into ./NAME where that is a folder and no link, whatever is done to it meanwhile.
go_into() {
  cd -P "./$1" || return 1
  now=$(pwd -P && echo x)
  if [ "$now" = "$place/$1$lf"x ] || [ "$1" = . ]; then return 0; fi
  return 1
}

# Runs a command whose lines are the answer; what it says on standard error is told as problems when it is done, five at
# the most. In between, such a line could end up inside of another.
with_problems() {
  {
    said=$("$@" 2>&1 >&4 4>&- | sed -n '1,5p')
  } 4>&1
  IFS=$lf
  for line in $said; do problem "$line"; done
  IFS=" 	$lf"
}

# ok, missing, unreadable or link: what a root is. Goes to the folder it lies in.
root_state() {
  enter_parent "$1"
  case $? in
  0) ;;
  "$missing") echo missing && return ;;
  *) echo unreadable && return ;;
  esac
  take_facts "$(facts "./$name")"
  case $type in
  missing | unreadable) echo "$type" ;;
  l) echo link ;;
  d)
    # On a Mac, a folder that its owner may enter can be closed to programs without Full Disk Access.
    if "$tool_find" "./$name" -maxdepth 1 >/dev/null 2>&1; then echo ok; else echo unreadable; fi
    ;;
  *) echo ok ;;
  esac
}

# ---- The verbs

verb_version() {
  set_dialect
  printf 'platform %s\nsystem %s\nclock %s\n' "$platform" "$(uname -sr)" "$("$tool_date" +%s)"
  IFS=$lf
  for root in $roots; do
    IFS=" 	$lf"
    state=$(root_state "$root")
    printf 'root %s %s\n' "$(hex_of "$root")" "$state"
    if [ "$state" = unreadable ]; then
      problem "$root cannot be listed. On a Mac, give sshd-keygen-wrapper Full Disk Access."
    fi
  done
  find_digest || digest=none
  printf 'sha256 %s\ngate %s\nwrapper %s\n' "$digest" "${LBACKUP_FILEVAULT_GATE:-no}" "$wrapper"
}

verb_exists() {
  set_dialect
  enter "$1"
  code=$?
  if [ "$code" -eq 0 ]; then
    take_facts "$(facts "./$name")"
    case $type in
    missing) code=$missing ;;
    unreadable) code=$unreadable ;;
    esac
  fi
  case $code in
  0) ;;
  "$missing") echo 'kind missing' && return "$missing" ;;
  *) tell_code "$code" && return "$code" ;;
  esac
  case $type in
  d) kind=folder ;;
  f) kind=file ;;
  l) kind=link ;;
  *) kind=other ;;
  esac
  printf 'kind %s\ndevice %s\ninode %s\nmodified %s\n' "$kind" "$device" "$inode" "$modified"
}

# Says what a path was turned away for.
tell_code() {
  case $1 in
  "$missing") problem 'What the path names is not there.' ;;
  "$refused") problem 'The path lies outside of the roots in client.conf, or is not plain.' ;;
  *) problem 'The path cannot be reached: no permission, or the disk does not answer.' ;;
  esac
}

verb_fingerprints() {
  set_dialect
  printf 'clock %s\n' "$("$tool_date" +%s)"
  told=
  worst=0
  for image; do
    printf 'image %s\n' "$image"
    enter "$image"
    code=$?
    if [ "$code" -eq 0 ]; then
      take_facts "$(facts "./$name")"
      case $type in
      unreadable) code=$unreadable ;;
      d) go_into "$name" && with_problems member_rows . 2 || code=$missing ;;
      f) with_problems member_rows "./$name" 0 ;;
      *) code=$missing ;;
      esac
    fi
    if [ "$code" -eq 0 ]; then told=yes; else tell_code "$code" && worst=$code; fi
    if [ "$code" -eq "$refused" ]; then return "$refused"; fi
  done
  # With a problem told, `ok` becomes `partly`.
  if [ -n "$told" ]; then return 0; fi
  return "$worst"
}

# Says so where a program ended with $1 and that was not because of a file: 1, and 123 from xargs, are about files, and said.
# What was written last may be half a row then, so a last one is added and the last is dropped.
died() {
  case $1 in
  1 | 123) ;;
  *) echo "$2 did not come to its end" >&2 ;;
  esac
}

# A line for $1 and what lies in it, $2 levels deep. One process, or one for thousands of names.
member_rows() {
  if [ "$dialect" = gnu ]; then
    if [ "$1" = . ]; then format='%P'; else format='%f'; fi
    {
      "$tool_find" "$1" -xdev -maxdepth "$2" -printf "m %y %s %T@ %C@ %i %n $format\\0" || died "$?" find
      printf '!\000'
    } | to_lines | sed '$d'
    return
  fi
  if "$tool_find" "$1" -xdev -maxdepth "$2" -name "*$lf*" -print | head -c 1 | grep -q .; then
    echo 'names that hold a line feed were passed over' >&2
  fi
  case $dialect in
  plain) set -- "$1" "$2" -c '%f %s %Y %Z %i %h %n' ;;
  bsd) set -- "$1" "$2" -f '%p %z %Fm %Fc %i %l %N' ;;
  esac
  # The longest front of six fields without blanks is the one before the name.
  {
    { "$tool_find" "$1" -xdev -maxdepth "$2" ! -path "*$lf*" -print0 || died "$?" find; } |
      xargs -0 "$tool_stat" "$3" "$4" || died "$?" stat
    echo '!'
  } | letters 'm ' | sed -e '$d' -e 's/^\(m\( [^ ]*\)\{6\} \)\.\//\1/' \
    -e 't' -e 's/^\(m\( [^ ]*\)\{6\} \)\.$/\1/'
}

# ---- digests

empty_digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

# Sets `digest` to a program that makes sha256; OS X 10.5 has none. One that exists need not know the algorithm.
find_digest() {
  for digest in "$tool_sha256sum" "$tool_openssl" "$tool_shasum"; do
    case $(make_digests </dev/null 2>/dev/null) in *"$empty_digest"*) return 0 ;; esac
  done
  return 1
}

# Digests of the files named, or of standard input.
make_digests() {
  case $digest in
  "$tool_sha256sum") "$digest" "$@" ;;
  "$tool_openssl") "$digest" dgst -sha256 "$@" ;;
  "$tool_shasum") "$digest" -a 256 "$@" ;;
  esac
}

# The same from names that end in NUL.
make_many_digests() {
  case $digest in
  "$tool_sha256sum") xargs -0 "$digest" ;;
  "$tool_openssl") xargs -0 "$digest" dgst -sha256 ;;
  "$tool_shasum") xargs -0 "$digest" -a 256 ;;
  esac
}

verb_digests() {
  set_dialect
  if ! find_digest; then problem 'No program here makes sha256.' && return "$no_tool"; fi
  enter "$1"
  code=$?
  top=.
  if [ "$code" -eq 0 ]; then
    take_facts "$(facts "./$name")"
    case $type in
    unreadable) code=$unreadable ;;
    d) go_into "$name" || code=$missing ;;
    f) top=./$name ;;
    *) code=$missing ;;
    esac
  fi
  if [ "$code" -ne 0 ]; then tell_code "$code" && return "$code"; fi
  if [ "$#" -eq 3 ]; then tell_pieces "$2" "$3" && return 0; fi
  wanted=$(wanted_members <&3)
  case $lf$wanted in
  *"$lf!") problem 'A member is named by an absolute path, with .. in it, or not at all.' && return "$refused" ;;
  *"$lf#") problem "More than $max_entries members are wanted." && return "$too_much" ;;
  esac
  tell_digests
}

# Pieces of 8 MiB of a sparse image, from number $1 on, $2 of them at the most; fewer where the file ends.
tell_pieces() {
  if [ "$top" = . ]; then problem 'Only a sparse image has pieces.' && return 0; fi
  piece=$1
  last=$((piece + $2))
  # The size was looked at; what grows meanwhile is seen by the looks before and after.
  while [ "$piece" -lt "$last" ] && [ $((piece * 8388608)) -lt "$size" ]; do
    left=$((size - piece * 8388608))
    if [ "$left" -gt 8388608 ]; then left=8388608; fi
    hash=$(dd if="$top" bs=8388608 skip="$piece" count=1 2>/dev/null | head -c "$left" | make_digests | grep -o '[0-9a-f]\{64\}')
    if [ -z "$hash" ]; then problem 'A piece could not be read.' && return 0; fi
    printf 'p %s %s %s\n' "$piece" "$left" "$hash"
    piece=$((piece + 1))
  done
}

# Reads names and gives them marked: `h` to be hashed with all others, `o` alone, else the reason why not. It asks one find
# what is there, so that nothing is opened that is no regular file and no link is followed.
wanted_members() {
  {
    members_there
    echo
    cat
  } | awk -v max="$max_entries" '
    !listed && $0 == "" { listed = 1; next }
    !listed {
      name = substr($0, 3)
      sub(/^\.\//, "", name)
      type[name] = substr($0, 1, 1)
      next
    }
    $0 == "" || length($0) > 4096 || /^\// || ("/" $0 "/") ~ /\/\.?\.?\// { print "!"; bad = 1; exit }
    ++count > max { print "#"; bad = 1; exit }
    !($0 in type) { print "missing " $0; next }
    type[$0] == "l" { print "link " $0; next }
    type[$0] != "f" { print "special " $0; next }
    # Programs write such names in ways of their own.
    /[\001\\\r]/ { print (++odd > 256 ? "unreadable " : "o ") $0; next }
    { print "h " $0 }'
}

# `TYPE ./NAME` of what lies in the image.
members_there() {
  case $dialect in
  gnu) "$tool_find" "$top" -xdev -maxdepth 2 -printf '%y %p\0' ;;
  *)
    "$tool_find" "$top" -xdev -maxdepth 2 -type f -print0 | prefixed 'f '
    "$tool_find" "$top" -xdev -maxdepth 2 -type l -print0 | prefixed 'l '
    "$tool_find" "$top" -xdev -maxdepth 2 ! -type l ! -type f -print0 | prefixed 's '
    ;;
  esac | to_lines
}

# Names that end in NUL, with $1 before each.
prefixed() { to_lines | sed "s/^/$1/" | from_lines; }

# Tells the answers in the order asked for, each as soon as it is known.
tell_digests() {
  {
    printf '%s\n' "$wanted" | sed -n 's/^o //p' | while IFS= read -r member; do
      # A name with a line feed goes through a variable, never through a list.
      file=$(printf '%s' "$member" | tr '\001' '\n' && echo x)
      printf 'odd %s %s\n' "$(make_digests <"./${file%x}" | grep -o '[0-9a-f]\{64\}')" "$member"
    done
    printf '%s\n' "$wanted"
    echo
    printf '%s\n' "$wanted" | grep -q '^h ' &&
      printf '%s\n' "$wanted" | sed -n 's/^h /.\//p' | tr '\n' '\000' | make_many_digests
  } 2>/dev/null | awk '
    function tell_until(name) {
      while (at < count) {
        at++
        mark = word[at]
        if (mark == "o" && alone[member[at]] != "") print "h " alone[member[at]] " " member[at]
        else if (mark == "h" && member[at] == name) { print "h " hash " " name; return }
        else if (mark == "h" || mark == "o") print "e unreadable " member[at]
        else print "e " mark " " member[at]
      }
    }
    !listed && /^odd / { rest = substr($0, 5); mark = index(rest, " "); alone[substr(rest, mark + 1)] = substr(rest, 1, mark - 1); next }
    !listed && $0 == "" { listed = 1; next }
    !listed { count++; mark = index($0, " "); word[count] = substr($0, 1, mark - 1); member[count] = substr($0, mark + 1); next }
    # openssl: NAME in parentheses, then the digest. The others: the digest, two blanks, NAME.
    /\)= [0-9a-f]*$/ && !/^[0-9a-f]*  / {
      hash = substr($0, length($0) - 63)
      name = substr($0, index($0, "(") + 1, length($0) - 67 - index($0, "("))
      tell_until(substr(name, 3))
      next
    }
    { hash = substr($0, 1, 64); tell_until(substr($0, 69)) }
    END { tell_until("") }'
}

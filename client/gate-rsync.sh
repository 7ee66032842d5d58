# shellcheck shell=sh
# lbackup-filevault: which rsync ssh-gate lets through, read by it when rsync is asked for. The words come from take_apart.
# shellcheck disable=SC2154
from_list=

is_number() { case $1 in '' | *[!0-9]* | ??????????*) return 1 ;; esac; }
is_word() { case $1 in '' | *[!A-Za-z0-9,]*) return 1 ;; esac; }

# The letters that a receiving rsync packs into one word. Not among them: L k (follow links), f F C (rules from files),
# and all that take a value; s is seen to by run_rsync. After e: what the receiver can do, `.LsfxCIvu`, never a program.
are_letters() {
  letters=${1%%e*}
  able=${1#"$letters"}
  case $letters in *[!vqnldHogDtUNpEAXrcIRxSzWu]*) return 1 ;; esac
  case $able in
  '' | e.) ;;
  e.*) case ${able#e.} in *[!A-Za-z]*) return 1 ;; esac ;;
  *) return 1 ;;
  esac
}

# Whether rsync as sender does no more with this option than read what it would send anyway.
is_option() {
  case $1 in
  --list-only | --numeric-ids | --stats | --specials | --no-specials | --safe-links | --ignore-errors) ;;
  --no-r | --no-W | --no-relative | --no-implied-dirs | --inplace | --ignore-missing-args) ;;
  --old-compress | --new-compress | --msgs2stderr | --no-msgs2stderr | --fileflags) ;;
  # The names come over the connection, and rsync takes each `..` out of them. The path is then a folder that rsync
  # enters, link or not. (Links further down that lead out of the root are followed by an rsync older than 3.5.)
  --files-from=-) from_list=yes ;;
  --from0) ;;
  --bwlimit=* | --timeout=* | --compress-level=* | --checksum-seed=* | --modify-window=*) is_number "${1#*=}" ;;
  -B*) is_number "${1#-B}" ;;
  --compress-choice=* | --checksum-choice=* | --info=*) is_word "${1#*=}" ;;
  --*) return 1 ;;
  -?*) are_letters "${1#-}" ;;
  *) return 1 ;;
  esac
}

below() {
  case $2 in
  "$1" | "${1%/}"/*) ;;
  *) return 1 ;;
  esac
}

# The folder that $1 leads to, without links. What is missing is left out: it leads nowhere.
real_folder() {
  folder=$1
  until [ -d "$folder" ]; do
    folder=${folder%/}
    folder=${folder%/*}/
  done
  real=$(cd -P -- "$folder" 2>/dev/null && pwd -P && echo x) && real=${real%?x}
}

# Whether a path is a root or lies below one, as written and where its folder really is. rsync looks again a moment
# later; between the two, whoever owns a folder on the way could put a link there. rsync 3.5 sees that, older ones do not.
is_ours() {
  case $1/ in */../*) return 1 ;; /*) ;; *) return 1 ;; esac
  place=${1%/*}/
  if [ -n "$from_list" ]; then place=$1/; fi
  IFS=$newline
  for root in $roots; do
    unset IFS
    if [ -L "$root" ] || [ ! -d "$root" ] || ! below "$root" "$1"; then continue; fi
    real_folder "$root/" || continue
    real_root=$real
    if [ "$1" = "$root" ]; then return 0; fi
    if real_folder "$place" && below "$real_root" "$real"; then return 0; fi
  done
  unset IFS
  return 1
}

# What rsync may be given: options, a dot, one or more paths. $@: the words after --sender.
judge() {
  dot= paths=0
  for argument in "$@"; do
    if [ -n "$dot" ]; then
      is_ours "$argument" || deny "rsync, of a path that is not below a root (or the root is not there): $argument"
      paths=$((paths + 1))
    elif [ "$argument" = . ]; then
      dot=yes
    else
      is_option "$argument" || deny "rsync, with an option that is not on the list: $argument"
    fi
  done
  [ "$paths" -gt 0 ] || deny 'rsync, without a path'
  vouch "$sender"
  tell allowed rsync
  exec "$sender" --server --sender "$@"
}

# With -s (--secluded-args, --protect-args) rsync sends its words over the connection, a NUL after each and one more
# after the last. They are fetched here, judged like all others, and given to rsync as its argv, without the s. Byte by
# byte: what comes after them is for rsync. By what dd says a NUL, which no shell keeps, can be told from the end.
fetch_words() {
  word= left=4096
  while :; do
    # Some shells complain of a NUL.
    { byte=$(dd bs=1 count=1 2>&1); } 2>/dev/null
    left=$((left - 1))
    [ "$left" -gt 0 ] || deny 'rsync, with too many words over the connection'
    case $byte in
    1+0\ *)
      if [ -z "$word" ]; then break; fi
      set -- "$@" "$word"
      word=
      ;;
    0+0\ *) deny 'rsync, whose words over the connection have no end' ;;
    *) word=$word${byte%"${byte#?}"} ;;
    esac
  done
  command="$command, over the connection: $*"
  case $* in *[[:cntrl:]]*) deny 'rsync, with control characters over the connection' ;; esac
  [ "${1-}" = rsync ] || deny 'rsync, with other words over the connection than it has'
  shift
  case $letters in -) ;; *) set -- "$letters" "$@" ;; esac
  judge "$@"
}

run_rsync() {
  sender=${rsync:-$1}
  case $sender in /*) ;; *) deny 'rsync, and client.conf does not say which' ;; esac
  if [ "${2-}" != --server ] || [ "${3-}" != --sender ]; then deny 'rsync, but not as sender'; fi
  shift 3
  letters=
  case ${1-} in
  --*) ;;
  -*s*)
    letters=${1%%e*}
    case $letters in
    *s*) letters=${letters%%s*}${letters#*s}${1#"$letters"} ;;
    *) letters= ;;
    esac
    ;;
  esac
  if [ -z "$letters" ]; then judge "$@"; fi
  [ $# -eq 1 ] || deny 'rsync, with words after -s'
  fetch_words
}

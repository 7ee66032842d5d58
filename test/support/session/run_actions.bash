#!/bin/bash
# Runs the hooks of one phase. Arguments: pre or post; then, for pre, what the hooks get as theirs.

phase=$1
shift
case $phase in pre) label=Pre ;; *) label=Post ;; esac
export ACTION_DIRECTORY=$backupConfigurationFolderPath/resources/$phase-actions ACTION_PREFIX=BACKUP
result=0
for action in "$ACTION_DIRECTORY/$ACTION_PREFIX"*; do
  [ -s "$action" ] && [ -x "$action" ] || continue
  export action_name=${action##*/}
  printf 'Performing %s-Action : %s\n' $label "$action_name" | tee -a "$logFile"
  "$action" "$@"
  status=$?
  [ $status -eq 0 ] || result=$status
  [ $status -ne 129 ] || exit 129
done
exit $result

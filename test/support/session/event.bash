#!/bin/bash
# Tells the test that a moment has come, and waits until it answers. Arguments: folder with two FIFOs, name.
printf '%s\n' "$2" >"$1/events"
read -r _ <"$1/answers"

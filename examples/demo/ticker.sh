#!/bin/sh
# Writes the time to the file $1, every five seconds.
echo "ticker, pid $$"
while :; do
  date >"$1"
  sleep 5
done

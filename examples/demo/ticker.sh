#!/bin/sh
# Notes the time in the file $1, every five seconds.
echo "ticker, pid $$"
while :; do
  date >"$1"
  sleep 5
done

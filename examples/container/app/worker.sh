#!/bin/sh
# Works, and finishes its current task before it exits.
trap 'leave=1' TERM
echo "worker: begins"
while [ -z "$leave" ]; do
  sleep 0.2
done
echo "worker: exiting"

#!/bin/sh
# Works, and brings what it is at to an end before it leaves.
trap 'leave=1' TERM
echo "worker: begins"
while [ -z "$leave" ]; do
  sleep 0.2
done
echo "worker: leaves"

#!/bin/sh
# As start scripts do: prepares something, starts the program, waits for it.
home=$(cd "$(dirname "$0")/.." && pwd)
echo "wrapper, pid $$, starts the ticker"
"$home/bin/ticker.sh" "$home/run/ticks" &
wait $!

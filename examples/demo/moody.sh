#!/bin/sh
# Lives for $1 seconds, then dies: each time in a different way, counted in the file $2.
ulimit -c 0 # no core file
count=$(cat "$2" 2>/dev/null || echo 0)
echo $((count + 1)) >"$2"
echo "pid $$: life $count begins"
sleep "$1"
echo "pid $$: life $count ends" >&2
case $((count % 4)) in
0) exit 3 ;;
1) kill -SEGV $$ ;;
2) exit 0 ;;
3) kill -KILL $$ ;;
esac

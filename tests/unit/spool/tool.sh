#!/bin/sh
# vedette spool on the corpus of its fuzz target: what it says of a whole spool and of a damaged one, and its exit codes.
# Usage: tool.sh VEDETTE CORPUS
set -eu
vedette=$1 corpus=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "tool.sh: $1" >&2; exit 1; }

mkdir "$dir/stream-000001"
segment=$dir/stream-000001/00000000000000000001.seg
cp "$corpus/whole" "$segment"
truncate -s 65536 "$segment"
"$vedette" spool verify "$dir" | grep -q '^whole: 12 events in 1 segments' || fail "a whole spool is not called whole"
"$vedette" spool list "$dir" | grep -q '^cursor  journal  11$' || fail "list shows no cursor"
"$vedette" spool list "$dir" | grep -q '^next    13$' || fail "list shows no position"
[ "$("$vedette" spool dump "$dir" | grep -c '"class_uid":3002')" = 12 ] || fail "dump does not show 12 events"
[ ! -e "$dir/lock" ] || fail "looking took the lock"

cp "$corpus/flipped" "$segment"
truncate -s 65536 "$segment"
status=0
"$vedette" spool verify "$dir" >"$dir/said" || status=$?
[ "$status" = 1 ] || fail "verify of a damaged spool exits with $status"
grep -q '^damaged  stream-000001/00000000000000000001.seg at [0-9]*: .*numbers 5 to 8$' "$dir/said" ||
    fail "verify says: $(cat "$dir/said")"
rm "$dir/said"

exec 9>"$dir/lock"
flock -n 9
status=0
"$vedette" spool repair "$dir" 2>"$dir/said" || status=$?
[ "$status" = 75 ] && grep -q 'another process' "$dir/said" || fail "repair beside an agent exits with $status"
exec 9>&-
"$vedette" spool repair "$dir" | grep -q '^8 events kept, 1 holes, .* next is 13$' || fail "repair says something else"
status=0
"$vedette" spool list "$dir/nothing" 2>/dev/null || status=$?
[ "$status" = 66 ] || fail "no spool: exits with $status"

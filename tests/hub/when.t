#!/bin/sh
# when.t: ote-when(8) runs a command while there is something in a directory
set -u
# shellcheck source=tests/hub/lib.sh
. "$(dirname "$0")/lib.sh"
when=$bin/ote-when
cd "$T" || exit 1
mkdir box gate

# usage
"$when" box 2>/dev/null
is 'no command: 100' $? 100
"$when" -n none true 2>out
is 'no directory: 100' $? 100
is 'named' "$(cat out)" 'ote-when: none: No such file or directory'
"$when" -n box true
is 'a good one' $? 0

has() { # LINES FILE
	[ -e "$2" ] && [ "$(wc -l <"$2")" -eq "$1" ]
}
child() {
	cat "/proc/$pid/task/$pid/children"
}
alone() {
	[ -z "$(child)" ]
}

# each run takes one of what is there; the gate holds it up
cat >take <<'END'
#!/bin/sh
echo "$$ ${NOTIFY_FD-none}" >>runs
read -r _ <gate/go
for f in box/*; do rm "$f" && break; done
[ ! -e gate/code ] || exit "$(cat gate/code)"
END
chmod +x take
mkfifo gate/go ready
touch box/.hidden
NOTIFY_FD=3 "$when" box ./take 3>ready >log 2>&1 &
pid=$!
jobs="$jobs $pid"
is 'it tells that it is ready' "$(head -n 1 ready | od -An -c | tr -d ' ')" '\n'
alone && [ ! -e runs ]
ok $? 'a name with a dot is nothing'
touch box/one
wait_for has 1 runs
ok $? 'what is made starts the command'
is 'which does not get NOTIFY_FD' "$(cut -d' ' -f2 runs)" none
touch box/two
echo >gate/go
wait_for has 2 runs
ok $? 'what comes meanwhile starts it again'
echo >gate/go
wait_for alone
ok $? 'and then nobody runs'
is 'so often' "$(wc -l <runs)" 2
: >new
mv new box/three
wait_for has 3 runs
ok $? 'what is renamed into it starts it'
kill -TERM "$(child)"
wait "$pid"
is 'one that was killed: 111' $? 111
grep -q './take: killed by SIGTERM' log
ok $? 'and told'

echo 3 >gate/code
start code "$when" box ./take
wait_for has 4 runs
ok $? 'what is there at the start starts it'
echo >gate/go
wait "$pid"
is 'the exit code of the command' $? 3

touch box/four
start term "$when" box ./take
wait_for has 5 runs
child=$(child)
kill -TERM "$pid"
wait "$pid"
is 'SIGTERM: 0' $? 0
gone "${child% }"
ok $? 'the command has ended'
start kill "$when" box ./take
wait_for has 6 runs
child=$(child)
kill -KILL "$pid"
wait_for gone "${child% }"
ok $? 'a SIGKILL leaves no command behind'
start none "$when" box ./nothing
wait "$pid"
is 'a command that is not there: 127' $? 127
done_testing

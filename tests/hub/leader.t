#!/bin/sh
# leader.t: of those that elect by a Lease one at a time runs its command
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
duration=13 deadline=7
keep=$dir/keep log=$dir/keep/log life=$dir/life
mkdir "$keep" && : >"$log" && : >"$life"
"$BUILD/tests/hub/keeper" "$keep" >"$dir/keeper.port" 2>"$dir/keeper.err" &
pids="$pids $!"
wait_for 60 lines "$dir/keeper.port" 1
kubeconfig "http://127.0.0.1:$(cat "$dir/keeper.port")"

# Tells that it lives, and does not want to die; so does one that it starts.
cat >"$dir/stubborn" <<'END'
#!/bin/sh
trap '' TERM
rm -f "$2.$1.pids" # not those of the one before
live() {
	while :; do
		read -r up _ </proc/uptime
		echo "$1 $up" >>"$2"
		sleep 0.02
	done
}
live "$1" "$2" &
echo "$$ $!" >"$2.$1.pids"
live "$1" "$2"
END
chmod +x "$dir/stubborn"

leader() { # NAME COMMAND...: its process id is $leader_pid
	who=$1
	shift
	"$OTE_BIN/ote-leader" -v -k "$dir/kubeconfig" -N x -L y -i "$who" \
		-d $duration -r $deadline -p 1 "$@" >"$dir/$who.out" 2>>"$dir/$who.err" &
	leader_pid=$!
	pids="$pids $leader_pid"
}

lives() { # NAME: since we ask
	count=$(grep -c "^$1 " "$life")
	wait_for 60 grown "$1" "$count" &&
		wait_for 60 test -s "$life.$1.pids"
}

grown() { [ "$(grep -c "^$1 " "$life")" -gt "$2" ]; }
holder() { jq -r .spec.holderIdentity "$keep/lease"; }
holds() { [ "$(holder)" = "$1" ]; }
has() { grep -q "$1" "$2"; }
died() { # NAME: its command, and what that started
	read -r one two <"$life.$1.pids" && dead "$one" && dead "$two"
}
dead() { # PID: if it is there at all it only waits for its parent
	! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null
}

renewed() { # NAME: when it last was, in ms since boot
	awk -v w="$1" '$3 ~ /^20/ && $2 != "GET" && $4 == w { t = $1 } END { print t }' "$log"
}

last_life() { # NAME: in ms since boot
	awk -v w="$1" '$1 == w { t = $2 } END { printf "%d\n", t * 1000 }' "$life"
}

# --- usage ---
"$OTE_BIN/ote-leader" -k "$dir/kubeconfig" -N x -L y 2>/dev/null
is $? 100 'no command'
"$OTE_BIN/ote-leader" -k "$dir/kubeconfig" -N x -L y -d 10 true 2>/dev/null
is $? 100 'no time between the deadline and the end'
"$OTE_BIN/ote-leader" -n -k "$dir/kubeconfig" -N x -L ../y true 2>/dev/null
is $? 100 'no name'
"$OTE_BIN/ote-leader" -n -k "$dir/kubeconfig" -N x -L y true
is $? 0 'the configuration is good'

# --- a command that ends ---
leader e sh -c 'exit 3'
wait "$leader_pid"
is "$? $(holder) $(jq -r '.spec | "\(.leaseDurationSeconds) \(.leaseTransitions)"' "$keep/lease")" '3  1 0' \
	'its exit code is ours, and the Lease is released'
leader f sh -c 'kill -9 $$'
wait "$leader_pid"
is "$? $(holder)" '111 ' 'killed by others'
leader g "$dir/nothing"
wait "$leader_pid"
is "$? $(holder)" '127 ' 'cannot be run'
has 'No such file' "$dir/g.err"
ok $? 'and that is told'

# --- one leads ---
leader a "$dir/stubborn" a "$life"
a_pid=$leader_pid
wait_for 60 lives a
ok $? 'the first leads'
is "$(holder)" a 'and holds the Lease'
leader b "$dir/stubborn" b "$life"
b_pid=$leader_pid
wait_for 60 has 'a leads' "$dir/b.err"
ok $? 'the other one sees it'
is "$(ps -o pgid= -p "$(cut -d' ' -f1 "$life.a.pids")" | tr -d ' ')" \
	"$(tr -d ' ' <"/proc/$a_pid/task/$a_pid/children")" 'a process group of its own'

echo lose >"$keep/how"
: >"$log"
wait_for 60 has 'PUT 200 a' "$log"
echo ok >"$keep/how"
wait_for 60 has 'does not answer' "$dir/a.err"
wait_for 60 has '\(PUT 409\|GET 200\) a' "$log"
lives a
is "$? $(holder)" '0 a' 'an answer that was lost is no end'

# --- killed ---
{ kill -9 "$a_pid" && wait "$a_pid"; } 2>/dev/null
wait_for 60 died a
ok $? 'who is killed takes its command along'
is "$(grep -c '^b' "$life")" 0 'the other one waits'
wait_for 60 lives b
ok $? 'and leads'
[ $(($(awk '$4 == "b" && $2 == "PUT" { print $1; exit }' "$log") - $(renewed a))) -ge $((duration * 1000)) ]
ok $? 'not before the Lease has run out'
is "$(jq -r '.spec.leaseTransitions' "$keep/lease")" 4 'which is counted'

# --- a master that hangs ---
echo hang >"$keep/how"
wait_for 60 died b
ok $? 'who cannot renew has its command killed'
[ $(($(last_life b) - $(renewed b))) -lt $((duration * 1000)) ]
ok $? 'before another one may lead'
has "not renewed for $deadline s" "$dir/b.err"
ok $? 'told'
echo ok >"$keep/how"
wait_for 60 lives b
ok $? 'it leads again when it can'

# --- somebody else ---
jq -c '.spec.holderIdentity = "other" | .metadata.resourceVersion = "1000"' "$keep/lease" >"$dir/new"
flock "$keep" mv "$dir/new" "$keep/lease" # not while it is renewed
wait_for 60 died b
ok $? 'another holder: killed'
has 'other leads: .* killed' "$dir/b.err"
ok $? 'told'
wait_for 60 lives b
ok $? 'it leads when that one has gone'

# --- stopped ---
kill -STOP "$b_pid"
wait_for 60 died b
ok $? 'who is stopped has its command killed by the guard'
[ $(($(last_life b) - $(renewed b))) -lt $((duration * 1000)) ]
ok $? 'in time'
kill -CONT "$b_pid"
wait_for 60 lives b
ok $? 'and goes on'

# --- refused ---
echo 403 >"$keep/how"
wait_for 60 died b
wait_for 60 has '403: so it is' "$dir/b.err"
is "$(grep -c '403: so it is' "$dir/b.err")" 1 'refused: told once'
echo ok >"$keep/how"
wait_for 60 lives b

# --- a signal ---
signalled() { kill -TERM "$b_pid" 2>/dev/null && return 1 || return 0; }
wait_for 60 signalled
wait "$b_pid"
is "$? $(holder)" '0 ' 'it ends, whatever its command likes, and releases the Lease'
died b
ok $? 'when the command has gone'
leader c sh -c "trap 'sleep 0.3; echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"
c_pid=$leader_pid
wait_for 60 has up "$dir/c.out"
leader d sh -c 'exec sleep 100'
d_pid=$leader_pid
wait_for 60 has 'c leads' "$dir/d.err"
kill -TERM "$d_pid"
wait "$d_pid"
is "$? $(holder)" '0 c' 'who waits just ends'
kill -TERM "$c_pid"
wait "$c_pid"
is "$? $(tail -n 1 "$dir/c.out") $(holder)" '0 bye ' 'who leads has its command end as it likes, then releases'

is "$(cut -d' ' -f1 "$life" | uniq | paste -sd,)" a,b 'there were never two at a time'
done_testing

#!/bin/sh
# apply.t: ote-apply against masters that answer all sorts of things
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"
start_mock
kubeconfig "http://127.0.0.1:$mock_port"
leases=/apis/coordination.k8s.io/v1/namespaces/n/leases
events=/api/v1/namespaces/n/events
log=$dir/mock/log

apply() { # ARG...: the actions on stdin; results in $dir/out, sorted in order
	"$OTE_BIN/ote-apply" -k "$dir/kubeconfig" "$@" >"$dir/out" 2>"$dir/apply.err"
}

background() { # ARG...: actions into descriptor 3
	rm -f "$dir/in" && mkfifo "$dir/in"
	: >"$log"
	"$OTE_BIN/ote-apply" -k "$dir/kubeconfig" "$@" <"$dir/in" \
		>"$dir/out" 2>"$dir/apply.err" &
	apply_pid=$!
	pids="$pids $apply_pid"
	exec 3>"$dir/in"
}

finish_input() {
	exec 3>&-
	wait "$apply_pid"
}

action() { # ID NODE WHY [METHOD [PATH [BODY]]]
	printf '{"id":"%s","node":"%s","why":"%s","method":"%s","path":"%s","body":%s}\n' \
		"$1" "$2" "$3" "${4:-PUT}" "${5:-$leases/$1}" "${6:-{\}}"
}

versioned='{"metadata":{"resourceVersion":"7"}}'
results() { # JQ: of each, sorted
	jq -r "$1" "$dir/out" | sort | paste -sd,
}

asks() { # what the master was asked, in order, the object alone
	sed 's,.*/,,' "$log" | paste -sd,
}

replaced() { # NAME: by the newer one with that name
	grep -q "by $1" "$dir/out"
}

answer() { # FILE CODE [HEADER]: a Status of that code
	printf '{"kind":"Status","reason":"R%s","message":"because %s"}' "$2" "$2" |
		reply "$1" "$2" "application/json${3:+$(printf '\r\n%s' "$3")}"
}

answer good 200
answer slow 200
echo "* good" | rules

# --- usage ---
apply </dev/null
is $? 0 'nothing to do'
"$OTE_BIN/ote-apply" 2>/dev/null
is $? 100 'no kubeconfig'
apply -r 0
is $? 100 'no rate'
apply -n <"$dir/kubeconfig"
is $? 0 'the configuration is good'
kubeconfig http://127.0.0.1 'proxy-url: http://x'
apply -n
is $? 100 'it is not'
kubeconfig "http://127.0.0.1:$mock_port"

# --- one ---
action 7 n renew PUT $leases/a '{"a": [1, "é"]}' >"$dir/file"
apply <"$dir/file"
is $? 0 'done, from a file'
is "$(jq -c 'del(.ms)' "$dir/out")" '{"id":"7","node":"n","why":"renew","code":200,"reason":"","message":"","tries":1}' \
	'its result'
is "$(grep -ci '^content-type: application/json' "$dir/mock/last") $(sed '1,/^\r$/d' "$dir/mock/last")" \
	'1 {"a":[1,"é"]}' 'what the master got'
is "$(head -n 1 "$dir/mock/last" | cut -d' ' -f1-2)" "PUT $leases/a" 'and how'

# --- order ---
echo "*/a1 slow hold
* good" | rules
: >"$log"
background
{
	action a1 a taint && action a2 a event && action a3 a pod
	action b1 b taint && action b2 b event && action b3 b pod
} >&3
wait_for 60 lines "$dir/out" 3
is "$(results .id)" b1,b2,b3 'a node that waits holds nobody up'
is "$(asks | tr , '\n' | grep -v '^a1$' | paste -sd,)" b1,b2,b3 'in order'
rm "$dir/mock/slow"
finish_input
is $? 0 'the end of input is the end'
is "$(asks | tr , '\n' | grep '^a' | paste -sd,)" a1,a2,a3 'what waited, in order'

# --- a newer renew, and what goes first ---
answer slow 200
background -j 1
action a1 a taint >&3
wait_for 60 lines "$log" 1
{
	action b1 b taint && action c1 c renew && action c2 c taint
	action c3 c renew && action d1 d renew && action x '' event
} >&3
wait_for 60 replaced c3
is "$(results 'select(.reason == "Replaced") | "\(.id) \(.code) \(.message) \(.tries)"')" \
	'c1 0 by c3 0' 'a renew that waits is replaced by a newer one'
rm "$dir/mock/slow"
finish_input
is "$(asks)" a1,c3,d1,b1,x,c2 'a renew goes first'

# --- results ---
answer e409 409
answer e404 404
printf 'so many words\nand more\n' | reply e500 500 text/plain
answer e403 403
answer e503 503
echo "*/e409 e409
*/e404 e404
*/e500 e500
*/e403 e403
*/e503 e503
* good" | rules
for e in e409 e404 e500 e403 e503; do action $e "n$e" x; done | apply
is $? 0 'errors of the API are results'
is "$(results '[.id, .code, .reason, .message, .tries] | join(" ")')" \
	'e403 403 R403 because 403 1,e404 404 R404 because 404 1,e409 409 R409 because 409 1,e500 500 InternalError so many words 1,e503 503 R503 because 503 1' 'with what the master said'

# --- again ---
# The first answer is held until all else is as it shall be.
answer later 429 'Retry-After: 1'
answer slow 503 'Retry-After: 1'
echo "*/later later hold
*/slow slow hold
* good" | rules
background
{ action later a taint && action a2 a x && action b1 b x; } >&3
wait_for 60 lines "$log" 2
echo "*/slow slow hold
* good" | rules
rm "$dir/mock/later"
finish_input
is "$(asks | tr , '\n' | grep -v '^b1$' | paste -sd,)" later,later,a2 \
	'429: again, and its node waits'
is "$(results '"\(.id) \(.code) \(.tries)"')" 'a2 200 1,b1 200 1,later 200 2' 'told'
background
action r1 a renew PUT $leases/slow >&3
wait_for 60 lines "$log" 1
{ action r2 a renew PUT $leases/r2 && action b1 b x; } >&3
wait_for 60 lines "$dir/out" 1 # which is of b1: so r2 was read
rm "$dir/mock/slow"
finish_input
is "$(asks) $(results '"\(.id) \(.code) \(.reason)"')" \
	'slow,b1,r2 b1 200 ,r1 0 Replaced,r2 200 ' \
	'a renew that would come again gives way'
answer slow 429 'Retry-After: 1'
echo "*/slow slow
* good" | rules
: >"$log"
action 1 a x POST $events/slow | apply
is "$(grep -c slow "$log") $(results '"\(.code) \(.tries)"')" '5 429 5' 'not for ever'

# --- no answer ---
: >"$dir/mock/lost"
echo '*/lost lost' | rules
: >"$log"
{
	action put a x PUT "$leases/lost" "$versioned"
	action blind b x PUT "$leases/lost"
	action post c event POST "$events/lost" "$versioned"
	action del d x DELETE "$leases/lost"
} | apply
is "$(results '"\(.id) \(.code) \(.reason) \(.tries)"')" \
	'blind 0 NoAnswer 1,del 0 NoAnswer 1,post 0 NoAnswer 1,put 0 NoAnswer 2' \
	'again only what may be done twice'
is "$(grep -c . "$log")" 5 'and no more often than told'
ports=$("$BUILD/tests/hub/mock" -p 1)
kubeconfig "http://127.0.0.1:$ports"
action post c event POST "$events" | apply
is "$(results '"\(.code) \(.reason) \(.tries)"')" '0 NoAnswer 2' \
	'nobody is there: once more, whatever it is'
is "$(grep -c 'does not answer' "$dir/apply.err")" 1 'told once'
kubeconfig "http://127.0.0.1:$mock_port"

# --- foreign lines ---
echo '* good' | rules
: >"$log"
{
	echo 'what?'
	echo '{"id":"2","node":"n","why":"x","method":"GET","path":"/api/v1/nodes/a"}'
	echo
	action 4 n x
	echo '[1]'
	head -c 4000000 /dev/zero | tr '\0' x
	echo
	action 7 n x
	printf '{"id":"8","node":"n","method":"PUT","path":"/api/v1/no'
} | apply
is $? 0 'lines that are none: no end'
is "$(jq -r '"\(.id) \(.code) \(.reason) \(.message)"' "$dir/out" | grep BadAction)" \
	" 0 BadAction line 1: no JSON: '[' or '{' expected near 'what'
2 0 BadAction line 2: method: none of PUT, POST, PATCH, DELETE
 0 BadAction line 5: no object
 0 BadAction line 6: too long
 0 BadAction line 8: no JSON: premature end of input near '\"/api/v1/no'" 'each is told'
is "$(asks)" 4,7 'the others are done'
action last n x | tr -d '\n' | apply
is "$(results .code)" 200 'a last line that is whole but for its end is taken'

# --- bounds ---
answer slow 200
echo '* slow hold' | rules
: >"$log"
pad=$(head -c 1000 /dev/zero | tr '\0' x)
{
	i=0
	while [ $i -lt 500 ]; do
		i=$((i + 1))
		action $i n$i x PUT $leases/$i "{\"k\":\"$pad\"}"
	done
	: >"$dir/written"
} | "$OTE_BIN/ote-apply" -k "$dir/kubeconfig" -j 2 -q 4 -r 10000 >"$dir/out" 2>"$dir/apply.err" &
apply_pid=$!
pids="$pids $apply_pid"
wait_for 60 lines "$log" 2
sleep 0.5 # nothing is to happen
[ ! -e "$dir/written" ]
is "$? $(grep -c . "$log")" '0 2' 'two are under way, and the rest is not read'
is "$(wc -c <"$dir/out")" 0 'no result yet'
rm "$dir/mock/slow"
answer good 200
echo '* good' | rules
wait "$apply_pid"
is "$? $(grep -c . "$log") $(results .id | tr , '\n' | sort -u | grep -c .)" '0 500 500' \
	'all are done in the end'

: >"$log"
began=$(date +%s%N)
i=0
while [ $i -lt 30 ]; do
	i=$((i + 1))
	action $i n$i x
done | "$OTE_BIN/ote-apply" -k "$dir/kubeconfig" -r 10 >"$dir/out" 2>"$dir/apply.err" &
apply_pid=$!
too_many=0
while [ "$(grep -c . "$log")" -lt 20 ] && ! gone "$apply_pid"; do
	sent=$(grep -c . "$log")
	[ "$sent" -le $(((($(date +%s%N) - began) / 1000000 + 100) / 100 + 2)) ] || too_many=1
done
kill "$apply_pid"
wait "$apply_pid"
is "$? $too_many" '0 0' 'never more than the rate allows; a signal is an end'

# --- who gives up ---
answer e401 401
echo '* e401' | rules
: >"$log"
while action 1 n x 2>/dev/null; do sleep 0.2; done | apply -u 1
is $? 111 'refused for so long'
is "$(results .code | tr , '\n' | sort -u)" 401 'which are results, too'
is "$(grep -c 401 "$dir/apply.err")" 2 'told when it begins and ends'
echo '* good' | rules
{
	i=0
	while [ $i -lt 2000 ]; do
		i=$((i + 1))
		action "$i" n x GET
	done
} | { "$OTE_BIN/ote-apply" -k "$dir/kubeconfig" 2>"$dir/apply.err" && echo 0 >&2 || echo $? >&2; } 2>"$dir/code" |
	head -n 1 >/dev/null
is "$(tail -n 1 "$dir/code")" 111 'nobody takes the results'

# --- HTTP/2, and a master that keeps objects ---
start_master
kubeconfig "$master" "certificate-authority: $ca"
maps=/api/v1/namespaces/x/configmaps
map() { printf '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s"%s},"data":{"k":"%s"}}' "$1" "${3:+,\"resourceVersion\":\"$3\"}" "$2"; }
{
	i=0
	while [ $i -lt 50 ]; do
		i=$((i + 1))
		action p$i n$i x POST $maps "$(map m$i new)"
		action q$i n$i x PUT $maps/m$i "$(map m$i old 1)"
	done
} | apply
is "$(results '"\(.code) \(.reason)"' | tr , '\n' | sort | uniq -c | tr -s ' ' | paste -sd,)" \
	' 50 201 , 50 409 Conflict' 'created, and changed by nobody who has not seen it'
done_testing

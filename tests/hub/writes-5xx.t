#!/bin/sh
# writes-5xx.t: a write that something answers in the master's place
# shellcheck source=tests/hub/writes.sh
. "$(dirname "$0")/writes.sh"
start_mock
kubeconfig "http://127.0.0.1:$mock_port"
events=/api/v1/namespaces/x/events

say() { # CODE [HEADER]: what events are answered with
	{
		printf 'HTTP/1.1 %s X\r\nContent-Type: application/json\r\n' "$1"
		[ -z "${2-}" ] || printf '%s\r\n' "$2"
		printf 'Connection: close\r\n\r\n{"kind":"Status","apiVersion":"v1","metadata":{},"code":%s,"message":"of the master"}' "$1"
	} >"$dir/mock/answer.new"
	mv "$dir/mock/answer.new" "$dir/mock/answer"
}

post() { # NAME: its code, and how it waits
	send POST $events "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"$1\"},\"reason\":\"R\",\"count\":1}"
	echo "$code $(jq -r --arg n "$1" 'select(.name == $n) | "\(.verb) \(.maybeDone)"' \
		"$dir/edge/outbox/new"/*.json 2>/dev/null)"
}

echo "$events* answer" | rules
edge_args="--writes $repo/etc/writes.conf"
start_edge
wait_for 60 master_is up
outbox_gets STOP "$edge_pid"
for code in 500 502 503 504; do
	say $code
	is "$(post "e$code")" '201 create true' "$code of what stands before it: taken, and maybe done"
done
: >"$dir/mock/answer"
is "$(post cut)" '201 create true' 'a connection that ends without an answer, too'
say 503 'Audit-Id: 1'
is "$(post away)" '201 create true' 'and a master that cannot serve'
for code in 409 429 500 504; do
	say $code 'Audit-Id: 1'
	is "$(post "m$code")" "$code " "$code of the master: passed on"
done
is "$(jq -r .message "$dir/body")" 'of the master' 'as it says it'
say 429 'Retry-After: 7'
is "$(post busy) $(tr -d '\r' <"$dir/head" | grep -i retry-after)" '429  Retry-After: 7' '429 of whom it may be, with its time'
is "$(asked "POST $events")" 11 'each was asked once'

# --- what it has to say later ---
say 201
outbox_gets CONT "$edge_pid"
wait_for 60 follows
ok $? 'what was taken is brought to it'
is "$(asked "POST $events")" 17 'each once'
is "$(find "$dir/edge/outbox/failed" -type f | wc -l)" 0 'none has failed'
done_testing

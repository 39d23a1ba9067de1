# Sourced by the tests of writes while cut off: a hub whose master is a
# standalone one, and what waits for it.
# shellcheck shell=sh disable=SC2034
# shellcheck source=tests/hub/edge.sh
. "$(dirname "$0")/edge.sh"

smp=application/strategic-merge-patch+json merge=application/merge-patch+json

lose() { # the master
	stop "$master_pid"
	wait_for 60 master_is down
}

have() { # and the edge has seen it
	start_master
	wait_for 60 master_is up
}

send() { # METHOD PATH BODY [TYPE]: to the edge; $code, $dir/body
	get "$2" -X "$1" -H "Content-Type: ${4:-application/json}" --data-binary "$3"
}

field() { # JQ [FILE]
	jq -r "$1" "${2:-$dir/body}" 2>&1
}

entries() { # of the outbox: KIND VERB NAME each
	for f in "$dir/edge/outbox/new"/*.json; do
		[ ! -e "$f" ] || jq -r '"\(.kind) \(.verb) \(.name)"' "$f"
	done | paste -sd,
}

stored() { # PATH JQ: what the edge has of it
	get "$1?resourceVersion=0" && field "$2"
}

master_has() { # PATH JQ WANT
	[ "$(curl -sS --cacert "$ca" "$master$1" | jq -r "$2")" = "$3" ]
}

follows() { # the feeds are the master's again
	[ -z "$(find "$dir/edge/cache" -name local)" ] && [ -z "$(entries)" ]
}

#!/bin/sh
# edgecontroller-look.sh run: keeps what whoever does not lead has to know, and
# the metrics
#
# A heartbeat has the age that it has been watched for: so it is watched before
# this one leads, too, in rounds whose actions nobody does.
set -eu

run=$1

# By the pid of run/act, which is killed, not ended, by whoever stops leading:
# the pid may be another's by now.
leads() {
	pid=$(cat "$run/acting" 2>/dev/null) &&
		[ "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" = "sh $run/act " ]
}

while sleep 5; do
	leader=1
	leads || {
		leader=0
		sh "$run/stand-by" >/dev/null 2>&1 || :
	}
	{
		echo '# HELP ote_edgecontroller_leader Whether this one acts.'
		echo '# TYPE ote_edgecontroller_leader gauge'
		echo "ote_edgecontroller_leader $leader"
		[ "$leader" = 0 ] ||
			cat "$run/decided" "$run/applied" 2>/dev/null || :
	} >"$run/metrics"
	mv -f -- "$run/metrics" "$run/www/metrics"
done

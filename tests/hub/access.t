#!/bin/sh
# access.t: what is remembered of callers, and a kubelet's rights by hand
# shellcheck source=tests/hub/lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
tool=$bin/ote-access
mkdir -m 700 "$T/data" "$T/data/access"
file=$T/data/access/0011223344556677

# lines JQ [ARG...]: what ote-access lists, through jq
lines() {
	f=$1
	shift
	"$tool" -d "$T/data" "$@" | jq -c "$f"
}

is 'nothing is remembered' "$(lines .; echo $?)" 0
cat >"$file" <<'END'
{"version":1,"user":{"username":"me","groups":["g","h"]}}
{"time":10,"allowed":true,"verb":"get","version":"v1","resource":"pods","namespace":"x","name":"a","reason":"RBAC"}
{"time":11,"allowed":true,"verb":"get","path":"/version"}
{"time":12,"allowed":false,"verb":"get","version":"v1","resource":"pods","namespace":"x","name":"a"}
END
printf '{"time":13,"allowed":true,"verb":"ge' >>"$file"
cp "$file" "$T/before"
cat >"${file%7}8" <<'END'
{"version":1,"user":{"username":"you","uid":"1"}}
{"time":10,"allowed":true,"verb":"list","version":"v1","resource":"pods","fieldSelector":"spec.nodeName=n"}
END
echo '{"version":2}' >"${file%7}9"
is 'the last decision on each question' "$(lines '[.time,.allowed,.verb,.path // .name]' -u me)" \
	'[11,true,"get","/version"]
[12,false,"get","a"]'
is 'whose' "$(lines '[.user,.uid,.groups]' -u you)" '["you","1",[]]'
is 'of all' "$(lines .user | sort | uniq -c | tr -s ' \n' ' ')" ' 2 "me" 1 "you" '
cmp -s "$file" "$T/before" && [ -e "${file%7}9" ] && [ ! -e "$T/data/quarantine" ]
ok $? 'nothing is changed'
"$tool" -d "$T/none" 2>/dev/null
is 'no data' $? 111

cat >"$T/pods" <<'END'
{"kind":"PersistentVolume","metadata":{"name":"pv"},"spec":{"claimRef":{"namespace":"x","name":"c"},"csi":{"nodeStageSecretRef":{"namespace":"z","name":"stage"}}}}
{"metadata":{"name":"p","namespace":"x","uid":"1"},"spec":{"nodeName":"n","volumes":[{"name":"v","secret":{"secretName":"s"}},{"name":"w","persistentVolumeClaim":{"claimName":"c"}}]}}
{"kind":"Pod","metadata":{"name":"q","namespace":"x","uid":"2"},"spec":{"nodeName":"m","volumes":[{"name":"v","secret":{"secretName":"t"}}]}}
{"kind":"VolumeAttachment","metadata":{"name":"va"},"spec":{"nodeName":"n"}}
{"kind":"ResourceSlice","metadata":{"name":"sl"},"spec":{"nodeName":"n"}}
END

# may NODE QUESTION...: exit code
may() {
	n=$1
	shift
	printf '%s\n' "$@" | "$tool" -N "$n" -p "$T/pods" -q - >"$T/out"
}

secret() { printf '{"verb":"get","resource":"secrets","namespace":"%s","name":"%s"}' "$1" "$2"; }

may n "$(secret x s)"
is 'a Secret of a pod of its own' "$? $(cat "$T/out")" \
	'0 {"allowed":true,"verb":"get","resource":"secrets","namespace":"x","name":"s"}'
may n "$(secret x t)"
is 'of a pod of another node' "$? $(jq -r .reason "$T/out")" \
	"1 no relationship found between node 'n' and this object"
may m "$(secret x t)"
is 'which may' $? 0
may n "$(secret z stage)" '{"verb":"get","resource":"persistentvolumes","name":"pv"}' \
	'{"verb":"get","group":"storage.k8s.io","resource":"volumeattachments","name":"va"}' \
	'{"verb":"get","group":"resource.k8s.io","resource":"resourceslices","name":"sl"}'
is 'by way of others' "$? $(jq -s length "$T/out")" '0 4'
may m "$(secret z stage)" "$(secret x t)" ''
is 'one of many is not' "$? $(jq -c .allowed "$T/out" | tr '\n' ' ')" '1 false true '
may n '{"verb":1}' 2>/dev/null
is 'a bad question' $? 111
may n '{' 2>/dev/null
is 'no JSON' $? 111
"$tool" -N n -q - 2>/dev/null </dev/null
is 'no pods' $? 100
"$tool" -N n -p - -q - 2>/dev/null </dev/null
is 'standard input once' $? 100
"$tool" x 2>/dev/null
is 'an argument' $? 100
done_testing

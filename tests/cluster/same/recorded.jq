# recorded.jq: "CLIENT METHOD URI ACCEPT", by tabs, of what recorder printed,
# without what is of one run: positions, tokens, uids, generated names. A watch
# ends after a second. {rv} is a position that the replay chooses.
def client:
	if test("^kubelet/") then "kubelet"
	elif test("^kube-proxy/") then "kube-proxy"
	elif test("^kubectl-debian/") then "kubectl-debian"
	elif test("^kubectl/") then "kubectl"
	elif test("^ote-") then "go"
	elif test("/python$") then "python"
	elif test("node-fetch|JavaScript|^node") then "javascript"
	else "other" end;
def parameter:
	if test("^resourceVersion=[1-9]") then "resourceVersion={rv}"
	elif test("^timeoutSeconds=") then "timeoutSeconds=1"
	elif test("^timeout=") then "timeout=1s"
	elif test("^hash=") then "hash={hash}"
	else gsub("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"; "0-0") end;
def generated:
	gsub("(?<n>/(front|store|agent)-)[0-9a-f]{8,10}(-[a-z0-9]{5})?"; .n + "x") |
	gsub("(?<n>/[a-z0-9.-]+)\\.[0-9a-f]{16}"; .n + ".x");
def bounded:
	if any(.[]; test("^watch=(1|[tT]rue)$")) and
		(any(.[]; test("^timeoutSeconds=")) | not)
	then . + ["timeoutSeconds=1"] else . end;
def calm:
	split("?") | (.[0] | generated) as $path |
	(.[1:] | join("?") | split("&") | map(parameter) | bounded) as $query |
	if ($query | length) > 0 then $path + "?" + ($query | join("&"))
	else $path end;
fromjson? | select(.method) | select(.agent | test("^curl/") | not) |
select(.uri | test("continue=.") | not) |
[(.agent | client), .method, (.uri | calm), .accept] | @tsv

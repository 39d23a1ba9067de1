# Reads results of ote-apply(8): counts them in file, tells on standard error
# what the master does not let us do, and what it does not understand, once.

function field(name, text) {
	if (!match(text, "\"" name "\":\"([^\"\\\\]|\\\\.)*\""))
		return ""
	text = substr(text, RSTART + length(name) + 4,
	    RLENGTH - length(name) - 5)
	gsub(/\\"/, "\"", text)
	return text
}

function save(	key) {
	print "# HELP ote_edgecontroller_results_total What the master answered." >file
	print "# TYPE ote_edgecontroller_results_total counter" >file
	for (key in count) {
		split(key, k, " ")
		printf "ote_edgecontroller_results_total{why=\"%s\",code=\"%s\"} %d\n",
		    k[1], k[2], count[key] >file
	}
	close(file)
}

function tell(key, text) {
	if (key in told || tells >= 100)
		return
	told[key] = 1
	tells++
	print "ote_edgecontroller: " text >"/dev/stderr"
	fflush("/dev/stderr")
}

# cannot patch resource "nodes/status" in API group "" ..., in our words; "" of
# what is no such message
function forbidden(message) {
	if (!match(message, /cannot [a-z]+ resource ".*/))
		return ""
	message = substr(message, RSTART + 7)
	gsub(/"/, "", message)
	sub(/ resource /, " ", message)
	sub(/ in API group  /, " ", message)
	sub(/ in API group /, " of ", message)
	return "may not " message ": see deploy/controller/rbac.yml"
}

{
	code = match($0, /"code":[0-9]+/) ? \
	    substr($0, RSTART + 7, RLENGTH - 7) : 0
	why = field("why", $0)
	count[why " " code]++
	message = field("message", $0)
	if (code == 403 && (may_not = forbidden(message)) != "")
		tell(may_not, may_not)
	else if (code == 403)
		tell(message, "the master refused " why " of " field("node", $0) \
		    ": 403 " field("reason", $0) ": " message)
	else if (code >= 400 && code < 500 && code != 401 && code != 404 &&
	    code != 409 && code != 429)
		tell(why code, why " of " field("node", $0) ": " code " " \
		    field("reason", $0) ": " message)
	if (code != 404 && code != 409 && code !~ /^2/ &&
	    field("reason", $0) != "Replaced")
		failed = 1
	n++
	if (n < 1000 || n % 64 == 0)
		save()
}

END {
	save()
	exit failed
}

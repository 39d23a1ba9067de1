#!/bin/sh
# synopsis.t: what each tool's -h prints is the SYNOPSIS of its page, and
# ote-edge(7) refers to all of them
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${OTE_BIN:-$top/build/bin}
n=0
command -v mandoc >/dev/null || {
	echo '1..0 # SKIP needs mandoc'
	exit 0
}

# On one line, blanks squeezed.
line() {
	tr -s '\n\t ' ' ' | sed 's/^ *\(usage: \)\{0,1\}//; s/ *$//'
}

for page in "$top"/bin/*.8 "$top"/fcgi/*.8; do
	tool=${page##*/}
	tool=${tool%.8}
	n=$((n + 1))
	want=$(mandoc -T ascii -O width=400 "$page" |
		sed -e "s/.$(printf '\b')//g" -e '1,/^SYNOPSIS/d' |
		sed '/^[A-Z]/,$d' | line)
	got=$("$bin/$tool" -h | line)
	if [ "$got" = "$want" ]; then
		echo "ok $n - $tool"
	else
		printf 'not ok %d - %s\n# -h:   %s\n# page: %s\n' "$n" "$tool" \
			"$got" "$want"
	fi
done

n=$((n + 1))
for page in "$top"/bin/*.8 "$top"/fcgi/*.8 "$top"/sh/*.8; do
	page=${page##*/}
	printf '.Xr %s 8\n' "${page%.8}"
done | LC_ALL=C sort >"${TMPDIR:-/tmp}/pages.$$"
sed '1,/^\.Sh SEE ALSO/d; s/ ,$//' "$top/bin/ote-edge.7" | grep ^.Xr |
	LC_ALL=C diff - "${TMPDIR:-/tmp}/pages.$$" || printf 'not '
echo "ok $n - ote-edge(7) refers to all"
rm -f "${TMPDIR:-/tmp}/pages.$$"
echo "1..$n"

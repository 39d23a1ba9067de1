/* Certificates that expire: when it is told. */
#include <errno.h>

#include "expiry.h"
#include "tap.h"

#define DAY 86400LL
#define FROM 1800000000LL
#define UNTIL (FROM + 1000 * DAY)

/* openssl req -x509 for 100 years. */
static const char pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBbzCCARWgAwIBAgIUKPoQGFPkC8WxtlkY9A3yJ703Ie4wCgYIKoZIzj0EAwIw\n"
    "DDEKMAgGA1UEAwwBdDAgFw0yNjExMjQyMjE3NDNaGA8yMTI2MTAzMTIyMTc0M1ow\n"
    "DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK5spwSYcTVN\n"
    "V6HCk0OWexNTB+okEL2SqgonGNrwUN2b2FVYB00SUETXVcApu/YvLrMRWuTDOGzI\n"
    "PDTY8M9+ovGjUzBRMB0GA1UdDgQWBBRv6F7xvAemxLhSljZoYha6MUTB9TAfBgNV\n"
    "HSMEGDAWgBRv6F7xvAemxLhSljZoYha6MUTB9TAPBgNVHRMBAf8EBTADAQH/MAoG\n"
    "CCqGSM49BAMCA0gAMEUCIQD28E2/RLgPv+sSf0YHsApEONi4X32M+cJluz2NEsJi\n"
    "DAIgWoKGl2OGCs0Sj5p7dH5MO2HYR7CVYj9u9INoWe1svJM=\n"
    "-----END CERTIFICATE-----\n";

static int
tell(struct expiry_told *t, long long now)
{
	static const struct expiry x = { FROM, UNTIL };

	return expiry_tell(t, &x, now);
}

int
main(void)
{
	static const struct {
		long long now;
		const char *name;
	} all[] = {
		{ 0, "early" },
		{ FROM - 1, "early" },
		{ FROM, "fine" },
		{ FROM + 900 * DAY - 1, "fine" },
		{ FROM + 900 * DAY, "soon" },
		{ FROM + 980 * DAY - 1, "soon" },
		{ FROM + 980 * DAY, "near" },
		{ UNTIL - 1, "near" },
		{ UNTIL, "expired" },
		{ UNTIL + 1, "expired" },
	};
	const struct expiry x = { FROM, UNTIL };
	struct expiry_told t = { 0 };
	struct expiry y;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		is_str(expiry_name(expiry_stage(&x, all[i].now)), all[i].name,
		    all[i].name);
	is_int(tell(&t, 0), 1, "a clock at 1970");
	is_int(tell(&t, DAY - 1), 0, "once");
	is_int(tell(&t, FROM), 0, "not while it is fine");
	is_int(tell(&t, FROM + 900 * DAY), 1, "soon");
	is_int(tell(&t, FROM + 900 * DAY + 600), 0, "once");
	is_int(tell(&t, FROM + 901 * DAY), 1, "and a day later");
	is_int(tell(&t, FROM + 980 * DAY), 1, "near");
	is_int(tell(&t, FROM + 980 * DAY + 1), 0, "once");
	is_int(tell(&t, UNTIL - 1), 1, "the last second, a day later");
	is_int(tell(&t, UNTIL), 1, "expired: at once");
	is_int(tell(&t, UNTIL + DAY), 1, "and each day");
	is_int(tell(&t, FROM), 0, "a new one");
	is_int(tell(&t, FROM + 900 * DAY), 1, "and that, too");
	is_int(expiry_read(&y, NULL, pem), 0, "a certificate");
	is_int(y.from, 1795558663LL, "from");
	is_int(y.until, 4949158663LL, "until");
	is_int(expiry_read(&y, NULL, "hello"), -1, "none");
	is_int(errno, EBADMSG, "EBADMSG");
	is_int(expiry_read(&y, "/nowhere/at/all", NULL), -1, "no file");
	is_int(errno, ENOENT, "ENOENT");
	return done_testing();
}

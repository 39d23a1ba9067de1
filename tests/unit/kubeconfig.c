/*
 * kubeconfig_load: what it takes, what it refuses, and that each refusal is
 * one line that names what is wrong. Keys are made by openssl(1).
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "kubeconfig.h"
#include "tap.h"

#define HEAD                   \
	"current-context: c\n" \
	"contexts: [{name: c, context: {cluster: k, user: u}}]\n"
#define CLUSTER(text) "clusters: [{name: k, cluster: {" text "}}]\n"
#define USER(text) "users: [{name: u, user: {" text "}}]\n"
#define SERVER "server: \"https://m:6443\", certificate-authority: ca.crt"

static const char keys[] =
    "set -eu\n"
    "pair() { openssl req -x509 -newkey ec -pkeyopt "
    "ec_paramgen_curve:P-256 -nodes -subj /CN=$1 -keyout $1.key -out $1.crt "
    "-days 2 2>/dev/null; }\n"
    "pair ca; pair a; pair b\n"
    "openssl ec -in a.key -aes128 -passout pass:x -out locked.key 2>/dev/null\n"
    "openssl x509 -in a.crt -signkey a.key -days -1 -out old.crt 2>/dev/null\n"
    "cat a.crt a.key >both.pem; echo garbage >garbage; echo secret >token\n"
    "base64 -w0 ca.crt >ca.b64; base64 -w0 a.crt >a.crt.b64\n"
    "base64 -w0 a.key >a.key.b64\n";

static char dir[] = "/tmp/ote-kubeconfig.XXXXXX";

/* Writes text, with @FILE@ as the text of FILE, and loads it. */
static int
load(struct kubeconfig *k, const char *text, char *why, size_t whylen)
{
	FILE *f = fopen("kc", "w"), *in;
	char name[64];
	int c, n;

	for (; f != NULL && *text != '\0'; text++) {
		n = 0;
		if (sscanf(text, "@%63[^@]@%n", name, &n) != 1 || n == 0) {
			fputc(*text, f);
			continue;
		}
		if ((in = fopen(name, "r")) != NULL) {
			while ((c = fgetc(in)) != EOF)
				fputc(c, f);
			fclose(in);
		}
		text += n - 1;
	}
	if (f != NULL)
		fclose(f);
	snprintf(why, whylen, "%s", "");
	snprintf(name, sizeof(name), "%s/kc", dir);
	return kubeconfig_load(k, name, why, whylen);
}

static void
good(struct kubeconfig *k, const char *text, const char *name)
{
	char why[512];

	if (!ok(load(k, text, why, sizeof(why)) == 0, "%s", name))
		printf("# %s\n", why);
}

static void
bad(const char *text, const char *word, const char *name)
{
	struct kubeconfig k;
	char why[512];
	int r = load(&k, text, why, sizeof(why));

	if (!ok(r == -1 && strstr(why, word) != NULL &&
		    strchr(why, '\n') == NULL && strstr(why, dir) != NULL,
		"refused: %s", name))
		printf("# want %s in: %s\n", word, why);
	kubeconfig_free(&k);
}

static void
test_servers(void)
{
	struct kubeconfig k;

	good(&k, HEAD CLUSTER(SERVER) USER("token: t"), "a server, a token");
	is_str(k.host, "m", "host");
	ok(k.port == 6443 && k.tls && !k.insecure, "port, TLS");
	is_str(k.token, "t", "token");
	kubeconfig_free(&k);
	ok(k.server == NULL && k.token == NULL, "free empties");
	good(&k,
	    HEAD CLUSTER("server: \"https://[::1]/k/\", "
			 "certificate-authority: ca.crt, tls-server-name: name")
		USER(""),
	    "IPv6, a path, no port");
	is_str(k.host, "::1", "without brackets");
	is_int(k.port, 443, "443");
	is_str(k.tls_server_name, "name", "tls-server-name");
	ok(k.server != NULL && k.server[strlen(k.server) - 1] != '/',
	    "no trailing slash");
	kubeconfig_free(&k);
	good(&k, HEAD CLUSTER("server: http://m:80") USER(""), "plain http");
	is_int(k.tls, 0, "no TLS");
	kubeconfig_free(&k);
	good(&k,
	    HEAD CLUSTER("server: https://m, "
			 "insecure-skip-tls-verify: true")
		USER("username: a, password: b"),
	    "insecure, a password");
	ok(k.insecure && k.password != NULL, "both are there");
	kubeconfig_free(&k);
}

static void
test_credentials(void)
{
	struct kubeconfig k;
	char want[128];

	good(&k,
	    HEAD CLUSTER(SERVER) USER("client-certificate: a.crt, "
				      "client-key: a.key"),
	    "a pair of files");
	snprintf(want, sizeof(want), "%s/a.key", dir);
	is_str(k.key_file, want, "relative to the kubeconfig");
	kubeconfig_free(&k);
	good(&k,
	    HEAD CLUSTER(SERVER) USER("client-certificate: both.pem, "
				      "client-key: both.pem"),
	    "both in one file, as kubelet has them");
	kubeconfig_free(&k);
	good(&k,
	    HEAD CLUSTER("server: https://m, "
			 "certificate-authority-data: @ca.b64@")
		USER("client-certificate-data: @a.crt.b64@, "
		     "client-key-data: @a.key.b64@"),
	    "all inline");
	ok(k.ca_data != NULL && strncmp(k.ca_data, "-----BEGIN", 10) == 0 &&
		k.ca_data[strlen(k.ca_data) - 1] == '\n',
	    "data is PEM");
	kubeconfig_free(&k);
	good(&k,
	    HEAD CLUSTER(SERVER) USER("client-certificate: old.crt, "
				      "client-key: a.key"),
	    "a certificate that has expired");
	kubeconfig_free(&k);
	good(&k, HEAD CLUSTER(SERVER) USER("tokenFile: token"), "tokenFile");
	kubeconfig_free(&k);
}

/* The clock of the second look is another second's. */
static int
renew(struct kubeconfig *k)
{
	k->looked = 0;
	return kubeconfig_renew(k);
}

static void
test_renewed(void)
{
	struct kubeconfig k;
	char first[64];

	if (system("cp a.crt c.crt && cp a.key c.key") != 0)
		abort();
	good(&k,
	    HEAD CLUSTER(SERVER) USER("client-certificate: c.crt, "
				      "client-key: c.key"),
	    "a pair that will be renewed");
	snprintf(first, sizeof(first), "%.60s", k.cert_pem + 100);
	is_int(renew(&k), 0, "as it was");
	if (system("cp b.crt n && mv n c.crt") != 0)
		abort();
	is_int(renew(&k), -1, "half renewed: it does not fit");
	ok(strncmp(first, k.cert_pem + 100, 60) == 0, "the former stays");
	if (system("cp b.key n && mv n c.key") != 0)
		abort();
	is_int(renew(&k), 1, "renewed");
	ok(strncmp(first, k.cert_pem + 100, 60) != 0, "it is another one");
	is_int(kubeconfig_renew(&k), 0, "looked at once a second");
	if (system("sed 's/host//; s/m:6443/other:1/; s/c.crt/a.crt/; "
		   "s/c.key/a.key/' kc >n && mv n kc") != 0)
		abort();
	is_int(renew(&k), 1, "its own file");
	ok(strncmp(first, k.cert_pem + 100, 60) == 0, "names others now");
	is_str(k.host, "m", "where the master is stays");
	kubeconfig_free(&k);
}

static void
test_refused_keys(void)
{
	bad(HEAD CLUSTER(SERVER) USER("client-certificate: a.crt, "
				      "client-key: b.key"),
	    "belong", "a pair that is none");
	bad(HEAD CLUSTER(SERVER) USER("client-certificate: a.crt"),
	    "client-key", "no key");
	bad(HEAD CLUSTER(SERVER) USER("client-certificate: a.crt, "
				      "client-key: locked.key"),
	    "passphrase", "a key with a passphrase");
	bad(HEAD CLUSTER(SERVER) USER("client-certificate: none.crt, "
				      "client-key: a.key"),
	    "none.crt", "no such certificate");
	bad(HEAD CLUSTER(SERVER) USER("client-certificate: garbage, "
				      "client-key: a.key"),
	    "garbage", "no certificate in it");
	bad(HEAD CLUSTER(SERVER) USER("client-certificate-data: \"%%%%\""),
	    "base64", "data that is no base64");
	bad(HEAD CLUSTER("server: https://m, certificate-authority: garbage")
		USER(""),
	    "garbage", "a CA that is none");
	bad(HEAD CLUSTER("server: https://m") USER(""), "certificate-authority",
	    "no CA");
	bad(HEAD CLUSTER(SERVER) USER("tokenFile: none"), "none",
	    "no such tokenFile");
}

static void
test_refused(void)
{
	struct kubeconfig k;
	char why[512];

	bad(HEAD CLUSTER(SERVER) USER("exec: {command: aws}"), "exec", "exec");
	bad(HEAD CLUSTER(SERVER) USER("auth-provider: {name: gcp}"),
	    "auth-provider", "auth-provider");
	bad(HEAD CLUSTER(SERVER ", proxy-url: \"http://p\"") USER(""),
	    "proxy-url", "proxy-url");
	bad(HEAD CLUSTER("server: ftp://m") USER(""), "ftp://m", "a scheme");
	bad(HEAD CLUSTER("server: \"https://m:0\"") USER(""), "m:0", "a port");
	bad(HEAD CLUSTER("server: \"https://u@m\"") USER(""), "u@m",
	    "user information");
	bad(HEAD CLUSTER("certificate-authority: ca.crt") USER(""), "server",
	    "no server");
	bad(HEAD USER(""), "cluster", "no cluster");
	bad(HEAD CLUSTER(SERVER), "user u", "no user");
	bad("contexts: []\n", "current-context", "no current-context");
	bad("current-context: x\n", "context x", "no such context");
	bad("a: [\n", "line", "no YAML");
	bad("", "kc", "an empty file");
	ok(kubeconfig_load(&k, "/nonexistent/kc", why, sizeof(why)) == -1 &&
		strstr(why, "/nonexistent/kc") != NULL,
	    "refused: no such file");
}

int
main(void)
{
	char cmd[64];

	if (mkdtemp(dir) == NULL || chdir(dir) == -1 || system(keys) != 0)
		return 1;
	test_servers();
	test_credentials();
	test_renewed();
	test_refused_keys();
	test_refused();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return chdir("/") == 0 && system(cmd) == 0 ? done_testing() : 1;
}

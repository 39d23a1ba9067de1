/*
 * fcgi-bytes SOCKET FILE: a libfcgi responder that only writes FILE back, the
 * least that a FastCGI responder can do. What ote-edge-server is measured by.
 */
#include <sys/stat.h>

#include <err.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	FCGX_Request r;
	struct stat st;
	char *bytes;
	FILE *in;
	int fd;

	if (argc != 3)
		errx(100, "usage: fcgi-bytes socket file");
	if ((in = fopen(argv[2], "re")) == NULL || fstat(fileno(in), &st) == -1)
		err(111, "%s", argv[2]);
	if ((bytes = malloc((size_t)st.st_size)) == NULL ||
	    fread(bytes, 1, (size_t)st.st_size, in) != (size_t)st.st_size)
		err(111, "%s", argv[2]);
	FCGX_Init();
	if ((fd = FCGX_OpenSocket(argv[1], 1024)) == -1)
		err(111, "%s", argv[1]);
	FCGX_InitRequest(&r, fd, 0);
	while (FCGX_Accept_r(&r) == 0) {
		FCGX_FPrintF(r.out,
		    "Content-Type: application/json\r\n"
		    "Content-Length: %ld\r\n\r\n",
		    (long)st.st_size);
		FCGX_PutStr(bytes, (int)st.st_size, r.out);
		FCGX_Finish_r(&r);
	}
	return 0;
}

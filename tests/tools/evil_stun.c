/*
 * evil_stun: a STUN server that does not play by the rules.
 *
 * usage: evil_stun ADDRESS:PORT HOW
 *   truth          answers as it should
 *   silent         answers nothing
 *   lie ENDPOINT   says that everybody is ENDPOINT
 *   port N         says the right address with N added to the port
 *   other ENDPOINT answers rightly and names ENDPOINT as its other address
 *   guess N        sends N answers with guessed transaction ids, no right one
 *   cut            sends every beginning of an answer before the whole
 *   attribute      adds one that must be understood and cannot be
 * Prints 'ready', then one line for each request. Runs until it is killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "stun.h"
#include "wire.h"

#define ANSWER_BYTES 128
/* After so many guesses the receiver gets a moment to read them. */
#define BURST    160
#define BURST_US 500

struct server {
	int fd;
	const char *how;
	struct endpoint named; /* of lie and other */
	unsigned long n;       /* of guess and port */
};

/* XOR-MAPPED-ADDRESS by hand (RFC 8489 section 14.2), so that the client is not
 * tested against its own codec. */
static void put_mapped(struct wire_writer *w, const struct endpoint *e)
{
	uint32_t a = (uint32_t)e->addr.bytes[0] << 24 |
		     (uint32_t)e->addr.bytes[1] << 16 |
		     (uint32_t)e->addr.bytes[2] << 8 | e->addr.bytes[3];

	wire_put_u32(w, 0x00200008);
	wire_put_u16(w, 1);
	wire_put_u16(w, e->port ^ 0x2112);
	wire_put_u32(w, a ^ 0x2112a442);
}

static void put_other(struct wire_writer *w, const struct endpoint *e)
{
	wire_put_u32(w, 0x802c0008);
	wire_put_u16(w, 1);
	wire_put_u16(w, e->port);
	wire_put_bytes(w, e->addr.bytes, 4);
}

static bool is_how(const struct server *s, const char *how)
{
	return strcmp(s->how, how) == 0;
}

static size_t build(const struct server *s, const uint8_t *id,
		    const struct endpoint *from, uint8_t *buf)
{
	struct wire_writer w = wire_writer_init(buf, ANSWER_BYTES);
	struct endpoint mapped = *from;

	if (is_how(s, "lie"))
		mapped = s->named;
	if (is_how(s, "port"))
		mapped.port = (uint16_t)(mapped.port + s->n);
	wire_put_u16(&w, 0x0101);
	wire_put_u16(&w, 0);
	wire_put_u32(&w, 0x2112a442);
	wire_put_bytes(&w, id, STUN_ID_BYTES);
	put_mapped(&w, &mapped);
	if (is_how(s, "other"))
		put_other(&w, &s->named);
	if (is_how(s, "attribute"))
		wire_put_u32(&w, 0x7abc0000);
	buf[3] = (uint8_t)(w.at - STUN_HEADER_BYTES);
	return w.at;
}

static void send_guesses(const struct server *s, uint8_t *answer, size_t len,
			 const struct sockaddr_storage *to, socklen_t to_len)
{
	for (unsigned long i = 0; i < s->n; i++) {
		for (int k = 0; k < STUN_ID_BYTES; k++)
			answer[8 + k] = (uint8_t)rand();
		(void)!sendto(s->fd, answer, len, 0,
			      (const struct sockaddr *)to, to_len);
		if (i % BURST == 0)
			usleep(BURST_US);
	}
	printf("guessed %lu\n", s->n);
}

static void answer_one(const struct server *s)
{
	uint8_t request[1500], answer[ANSWER_BYTES];
	char text[ENDPOINT_TEXT_BYTES];
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	struct endpoint from;
	ssize_t got;
	size_t len;

	got = recvfrom(s->fd, request, sizeof(request), 0,
		       (struct sockaddr *)&sa, &sa_len);
	if (got < STUN_HEADER_BYTES ||
	    endpoint_from_sockaddr((const struct sockaddr *)&sa, sa_len,
				   &from) < 0)
		return;
	printf("%s\n", endpoint_format(&from, text, sizeof(text)));
	len = build(s, request + 8, &from, answer);
	if (is_how(s, "silent"))
		return;
	if (is_how(s, "guess")) {
		send_guesses(s, answer, len, &sa, sa_len);
		return;
	}
	for (size_t cut = 0; is_how(s, "cut") && cut < len; cut++)
		(void)!sendto(s->fd, answer, cut, 0,
			      (const struct sockaddr *)&sa, sa_len);
	(void)!sendto(s->fd, answer, len, 0, (const struct sockaddr *)&sa,
		      sa_len);
}

int main(int argc, char **argv)
{
	struct server s = {.how = argc > 2 ? argv[2] : ""};
	struct sockaddr_storage sa;
	struct endpoint at;
	socklen_t sa_len;

	if (argc < 3 || endpoint_parse(argv[1], &at) < 0)
		return 64;
	if (argc > 3 && endpoint_parse(argv[3], &s.named) < 0)
		s.n = strtoul(argv[3], NULL, 10);
	sa_len = endpoint_to_sockaddr(&at, &sa);
	s.fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s.fd < 0 || bind(s.fd, (struct sockaddr *)&sa, sa_len) < 0) {
		perror("evil_stun");
		return EXIT_FAILURE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;)
		answer_one(&s);
}

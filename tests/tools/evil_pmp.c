/*
 * evil_pmp: a gateway that answers each PCP and NAT-PMP request with everything
 * but a proper answer: cut short, too long, for another nonce, port, protocol
 * or opcode, of another version, from another port or address.
 *
 * usage: evil_pmp [WORD=VALUE]...
 *   valid=1: sends the proper answer after them
 *   other=ADDRESS: an address of this host that is not the gateway's
 *
 * Each forged answer grants the outer port 6666, the proper one 7777, so the
 * client's word tells which one it believed. The question for the outer address
 * gets its proper answer too, as no mapping is asked for without it. Serves
 * until it is killed.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "natpmp_wire.h"
#include "pcp.h"
#include "wire.h"

#define FORGED_PORT 6666
#define PROPER_PORT 7777
#define LIFETIME_S  600
/* So few that the client's socket buffer never overflows. */
#define BURST 32

struct evil {
	int fd;
	int stranger_port_fd;
	int stranger_addr_fd; /* -1: none */
	bool is_valid_wanted;
	unsigned int sent;
	struct sockaddr_storage peer;
	socklen_t peer_len;
};

static void pace(void)
{
	const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};

	nanosleep(&pause, NULL);
}

static void send_from(struct evil *evil, int fd, const void *bytes, size_t len)
{
	if (fd < 0)
		return;
	(void)!sendto(fd, bytes, len, 0, (const struct sockaddr *)&evil->peer,
		      evil->peer_len);
	if (++evil->sent % BURST == 0)
		pace();
}

static void send_lie(struct evil *evil, const void *bytes, size_t len)
{
	send_from(evil, evil->fd, bytes, len);
}

/* --- PCP --- */

static size_t pcp_answer(const struct pcp_request *request, uint16_t port,
			 uint8_t *buf, size_t buf_bytes)
{
	struct pcp_response response = {
	    .opcode = request->opcode,
	    .lifetime_s = request->lifetime_s ? LIFETIME_S : 0,
	    .epoch_s = 1000,
	    .has_map = request->opcode == PCP_MAP,
	    .map = request->map,
	};

	response.map.external_port = port;
	addr_parse("11.22.33.2", &response.map.external);
	return (size_t)pcp_encode_response(&response, buf, buf_bytes);
}

/* Flips each byte that the client must look at. */
static void pcp_flip(struct evil *evil, const uint8_t *good, size_t len)
{
	/* version, opcode, nonce, protocol, internal port */
	static const struct {
		size_t at, end;
	} fields[] = {{0, 2}, {24, 36}, {36, 37}, {40, 42}};
	uint8_t bad[PCP_MESSAGE_BYTES];

	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
		for (size_t i = fields[f].at; i < fields[f].end && i < len;
		     i++) {
			memcpy(bad, good, len);
			bad[i] = (uint8_t)(bad[i] ^ 0x55);
			send_lie(evil, bad, len);
		}
}

static void pcp_lengths(struct evil *evil, const uint8_t *good, size_t good_len)
{
	uint8_t bad[2 * PCP_MESSAGE_BYTES] = {0};

	memcpy(bad, good, good_len);
	for (size_t len = 0; len < sizeof(bad); len++)
		/* Whole words after the message are unknown options. */
		if (len < good_len || len % 4 != 0 || len > PCP_MESSAGE_BYTES)
			send_lie(evil, bad, len);
	/* An option that goes on after the end of the packet. */
	bad[good_len] = 0x80;
	bad[good_len + 3] = 5;
	send_lie(evil, bad, good_len + 8);
}

static void answer_pcp(struct evil *evil, const uint8_t *bytes, size_t len)
{
	uint8_t buf[PCP_MESSAGE_BYTES];
	struct pcp_request request;
	size_t n;

	if (pcp_decode_request(bytes, len, &request) < 0) {
		printf("malformed=1 len=%zu\n", len);
		return;
	}
	n = pcp_answer(&request, FORGED_PORT, buf, sizeof(buf));
	send_lie(evil, bytes, len); /* its own request back */
	pcp_flip(evil, buf, n);
	pcp_lengths(evil, buf, n);
	send_from(evil, evil->stranger_port_fd, buf, n);
	send_from(evil, evil->stranger_addr_fd, buf, n);
	/* The answer to a deletion for a grant, and the reverse. */
	request.lifetime_s = !request.lifetime_s;
	n = pcp_answer(&request, FORGED_PORT, buf, sizeof(buf));
	if (request.opcode == PCP_MAP)
		send_lie(evil, buf, n);
	request.lifetime_s = !request.lifetime_s;
	n = pcp_answer(&request, PROPER_PORT, buf, sizeof(buf));
	if (evil->is_valid_wanted)
		send_from(evil, evil->fd, buf, n);
}

/* --- NAT-PMP --- */

static size_t natpmp_answer(const uint8_t *request, uint16_t port,
			    uint32_t lifetime_s, uint8_t *buf, size_t buf_bytes)
{
	struct wire_writer w = wire_writer_init(buf, buf_bytes);

	wire_put_u8(&w, 0);
	wire_put_u8(&w, (uint8_t)(request[1] | 0x80));
	wire_put_u16(&w, NATPMP_WIRE_SUCCESS);
	wire_put_u32(&w, 1000);
	if (request[1] == NATPMP_WIRE_ADDRESS) {
		wire_put_bytes(&w, "\x0b\x16\x21\x02", 4);
		return w.at;
	}
	wire_put_bytes(&w, request + 4, 2);
	wire_put_u16(&w, port);
	wire_put_u32(&w, lifetime_s);
	return w.at;
}

static void natpmp_lengths(struct evil *evil, const uint8_t *good,
			   size_t good_len)
{
	uint8_t bad[PCP_MESSAGE_BYTES + 1] = {0};

	memcpy(bad, good, good_len);
	for (size_t len = 0; len < sizeof(bad); len++)
		if (len != good_len)
			send_lie(evil, bad, len);
}

static void natpmp_flip(struct evil *evil, const uint8_t *good, size_t len)
{
	/* version, opcode, internal port */
	static const size_t fields[] = {0, 1, 8, 9};
	uint8_t bad[NATPMP_WIRE_MAP_BYTES];

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i] >= 8 && len < NATPMP_WIRE_MAP_BYTES)
			continue;
		memcpy(bad, good, len);
		bad[fields[i]] ^= 0x55;
		send_lie(evil, bad, len);
	}
	/* Every other opcode. */
	memcpy(bad, good, len);
	for (unsigned int op = 0; op < 256; op++) {
		bad[1] = (uint8_t)op;
		if (bad[1] != good[1])
			send_lie(evil, bad, len);
	}
}

static void answer_natpmp(struct evil *evil, const uint8_t *bytes, size_t len)
{
	struct wire_reader r = wire_reader_init(bytes, len);
	uint8_t buf[NATPMP_WIRE_MAP_BYTES];
	uint32_t lifetime_s;
	size_t n;

	wire_skip(&r, 8);
	lifetime_s = wire_get_u32(&r);
	if (len < 2 || (bytes[1] != NATPMP_WIRE_ADDRESS && len != 12))
		return;
	n = natpmp_answer(bytes, FORGED_PORT, lifetime_s, buf, sizeof(buf));
	natpmp_flip(evil, buf, n);
	natpmp_lengths(evil, buf, n);
	send_from(evil, evil->stranger_port_fd, buf, n);
	send_from(evil, evil->stranger_addr_fd, buf, n);
	if (bytes[1] != NATPMP_WIRE_ADDRESS) {
		n = natpmp_answer(bytes, FORGED_PORT, lifetime_s ? 0 : 1, buf,
				  sizeof(buf));
		send_lie(evil, buf, n);
	}
	n = natpmp_answer(bytes, PROPER_PORT, lifetime_s, buf, sizeof(buf));
	if (evil->is_valid_wanted || bytes[1] == NATPMP_WIRE_ADDRESS)
		send_from(evil, evil->fd, buf, n);
}

/* --- serving --- */

static int open_socket(const struct addr *addr, uint16_t port)
{
	struct endpoint e = {.addr = *addr, .port = port};
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&e, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&sa, len) < 0) {
		perror("bind");
		exit(1);
	}
	return fd;
}

static void serve(struct evil *evil)
{
	uint8_t bytes[2048];
	ssize_t len;

	for (;;) {
		evil->peer_len = sizeof(evil->peer);
		len = recvfrom(evil->fd, bytes, sizeof(bytes), 0,
			       (struct sockaddr *)&evil->peer, &evil->peer_len);
		if (len <= 0)
			continue;
		evil->sent = 0;
		if (bytes[0] == 0)
			answer_natpmp(evil, bytes, (size_t)len);
		else
			answer_pcp(evil, bytes, (size_t)len);
		printf("version=%u opcode=%u sent=%u\n", bytes[0], bytes[1],
		       evil->sent);
	}
}

int main(int argc, char **argv)
{
	struct addr any = {.family = AF_INET}, other = {.family = AF_UNSPEC};
	struct evil evil = {.stranger_addr_fd = -1};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "valid=1") == 0)
			evil.is_valid_wanted = true;
		else if (strncmp(argv[i], "other=", 6) == 0)
			addr_parse(argv[i] + 6, &other);
	/* First: a socket to any address would answer from the right one. */
	if (addr_is_set(&other))
		evil.stranger_addr_fd =
		    open_socket(&other, PCP_SERVER_PORT + 1);
	evil.fd = open_socket(&any, PCP_SERVER_PORT);
	evil.stranger_port_fd = open_socket(&any, PCP_CLIENT_PORT);
	serve(&evil);
	return 0;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faces.h"
#include "pcp.h"
#include "wire.h"

static void send_copies(int fd, const struct sockaddr_storage *to,
			socklen_t to_len, const void *bytes, size_t len,
			const struct knobs *knobs)
{
	usleep(knobs->delay_ms * 1000);
	for (unsigned int i = 0; i < knobs->copies; i++)
		(void)!sendto(fd, bytes, len, 0, (const struct sockaddr *)to,
			      to_len);
}

static const char *client_text(const struct sockaddr_storage *from,
			       socklen_t len, char *buf)
{
	struct endpoint e = {.port = 0};

	(void)endpoint_from_sockaddr((const struct sockaddr *)from, len, &e);
	return addr_format(&e.addr, buf, ADDR_TEXT_BYTES);
}

/* The outer port that is granted; remembers or forgets the mapping. */
static unsigned int map_port(struct knobs *knobs, const char *client,
			     bool is_tcp, unsigned int internal,
			     unsigned int wished, unsigned int *lifetime_s)
{
	struct entry entry = {.internal = internal, .description = "pmp"};
	struct entry *old;

	knobs->maps++;
	if (knobs->lease_max && *lifetime_s > knobs->lease_max)
		*lifetime_s = knobs->lease_max;
	strcpy(entry.protocol, is_tcp ? "TCP" : "UDP");
	snprintf(entry.client, sizeof(entry.client), "%.15s", client);
	entry.external = (wished ? wished : internal) + knobs->shift;
	if (entry.external == knobs->taken)
		entry.external++;
	entry.lease_s = *lifetime_s;
	for (unsigned int i = 0; i < knobs->entry_count; i++) {
		old = &knobs->entries[i];
		if (old->internal == internal &&
		    strcmp(old->protocol, entry.protocol) == 0)
			knobs_drop(knobs, old);
	}
	if (*lifetime_s)
		knobs_add(knobs, &entry);
	return entry.external;
}

static size_t write_natpmp(const uint8_t *request, unsigned int result,
			   const char *client, struct knobs *knobs,
			   uint8_t *buf)
{
	struct wire_writer w = wire_writer_init(buf, 16);
	unsigned int internal = (unsigned int)request[4] << 8 | request[5];
	unsigned int wished = (unsigned int)request[6] << 8 | request[7];
	struct wire_reader r = wire_reader_init(request, 12);
	struct addr external;
	unsigned int lifetime_s, granted = 0;

	wire_put_u8(&w, 0);
	wire_put_u8(&w, request[1] | 0x80);
	wire_put_u16(&w, (uint16_t)result);
	wire_put_u32(&w, epoch_now(knobs));
	if (request[1] == 0) {
		addr_parse(knobs->external, &external);
		wire_put_bytes(&w, external.bytes, 4);
		return w.at;
	}
	wire_skip(&r, 8);
	lifetime_s = wire_get_u32(&r);
	if (result == 0)
		granted = map_port(knobs, client, request[1] == 2, internal,
				   wished, &lifetime_s);
	wire_put_u16(
	    &w, (uint16_t)(knobs->wrong_port ? internal & 0xff : internal));
	wire_put_u16(&w, (uint16_t)(lifetime_s ? granted : 0));
	wire_put_u32(&w, lifetime_s);
	return w.at;
}

static size_t answer_natpmp(const uint8_t *request, size_t len,
			    const char *client, struct knobs *knobs,
			    uint8_t *buf)
{
	unsigned int result = (unsigned int)strtoul(knobs->natpmp, NULL, 10);
	size_t n;

	if (len < (request[1] ? 12u : 2u) ||
	    strcmp(knobs->natpmp, "silent") == 0)
		return 0;
	if (strcmp(knobs->natpmp, "any-only") == 0 && request[1] &&
	    (request[6] | request[7]) == 0)
		result = 4;
	/* The outer address alone is not to be had. */
	if (strcmp(knobs->natpmp, "offline") == 0)
		result = request[1] ? 0 : 3;
	n = write_natpmp(request, result, client, knobs, buf);
	return strcmp(knobs->natpmp, "short") == 0 ? 4 : n;
}

static bool is_own_or_none(const struct addr *suggested,
			   const struct knobs *knobs)
{
	struct addr own;

	addr_parse(knobs->external, &own);
	return !addr_is_set(suggested) || addr_equal(suggested, &own);
}

static size_t answer_pcp(const uint8_t *bytes, size_t len, const char *client,
			 struct knobs *knobs, uint8_t *buf)
{
	struct pcp_response response = {.epoch_s = epoch_now(knobs)};
	struct pcp_request request;
	unsigned int lifetime_s;
	int n;

	if (pcp_decode_request(bytes, len, &request) < 0)
		return 0;
	response.opcode = request.opcode;
	response.has_map = request.opcode == PCP_MAP;
	response.map = request.map;
	response.result = (uint8_t)strtoul(knobs->pcp, NULL, 10);
	/* They want no other outer address suggested than their own. */
	if (strcmp(knobs->pcp, "suggested") == 0 && response.has_map &&
	    !is_own_or_none(&request.map.external, knobs))
		response.result = PCP_CANNOT_PROVIDE_EXTERNAL;
	lifetime_s = request.lifetime_s;
	if (response.has_map && response.result == 0) {
		response.map.external_port =
		    (uint16_t)map_port(knobs, client, request.map.protocol == 6,
				       request.map.internal_port,
				       request.map.external_port, &lifetime_s);
		addr_parse(knobs->external, &response.map.external);
	}
	response.lifetime_s = lifetime_s;
	if (strcmp(knobs->pcp, "nonce") == 0)
		response.map.nonce[0] ^= 1;
	n = pcp_encode_response(&response, buf, PCP_MESSAGE_BYTES);
	if (strcmp(knobs->pcp, "short") == 0 && response.has_map)
		n = PCP_HEADER_BYTES;
	return n < 0 ? 0 : (size_t)n;
}

void pmp_answer(int fd, struct knobs *knobs)
{
	uint8_t request[PCP_MESSAGE_BYTES] = {0}, buf[PCP_MESSAGE_BYTES];
	char client[ADDR_TEXT_BYTES];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, request, sizeof(request), 0,
			       (struct sockaddr *)&from, &from_len);
	size_t n = 0;

	if (len < 2)
		return;
	knobs->asks++;
	client_text(&from, from_len, client);
	if (request[0] == 0) {
		n = answer_natpmp(request, (size_t)len, client, knobs, buf);
	} else if (strcmp(knobs->pcp, "unsupp") == 0) {
		/* RFC 6886 section 3.5: what a NAT-PMP server says to it. */
		struct wire_writer w = wire_writer_init(buf, 8);

		wire_put_u16(&w, (uint16_t)(request[1] | 0x80));
		wire_put_u16(&w, 1);
		wire_put_u32(&w, epoch_now(knobs));
		n = w.at;
	} else if (strcmp(knobs->pcp, "silent") != 0) {
		n = answer_pcp(request, (size_t)len, client, knobs, buf);
	}
	if (n)
		send_copies(fd, &from, from_len, buf, n, knobs);
}

void pmp_announce(int fd, const struct addr *from, const struct knobs *knobs)
{
	struct pcp_response pcp = {.opcode = PCP_ANNOUNCE,
				   .epoch_s = epoch_now(knobs)};
	uint8_t buf[PCP_MESSAGE_BYTES];
	int len = pcp_encode_response(&pcp, buf, sizeof(buf));
	struct wire_writer w;
	struct addr external;

	face_send_group(fd, from, "224.0.0.1", EARS_PORT, buf, (size_t)len);
	addr_parse(knobs->external, &external);
	w = wire_writer_init(buf, sizeof(buf));
	wire_put_u32(&w, 0x00800000);
	wire_put_u32(&w, epoch_now(knobs));
	wire_put_bytes(&w, external.bytes, 4);
	face_send_group(fd, from, "224.0.0.1", EARS_PORT, buf, w.at);
}

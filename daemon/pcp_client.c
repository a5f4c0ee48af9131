#include "pcp_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"
#include "pcp.h"
#include "pmp_engine.h"
#include "pmp_socket.h"

_Static_assert(MAP_NONCE_BYTES == PCP_NONCE_BYTES, "one nonce");

/* RFC 6887 section 8.1.1: IRT, MRT, RAND. */
#define FIRST_RETRY_MS  3000
#define RETRY_MOST_MS   (1024 * 1000)
#define JITTER_PERMILLE 100
/* More at once than this only fills the server's queue, and it answers no
 * faster. */
#define WINDOW_MOST 16

struct pcp_client {
	struct pmp_engine engine; /* first */
	/* RFC 6887 section 8.1: the server compares it with the source that it
	 * sees, which another NAT has replaced. */
	struct addr client_address;
};

/* --- requests --- */

static struct pcp_map map_of(const struct pmp_job *job)
{
	const struct map_request *request = &job->request;
	struct pcp_map map = {
	    .protocol = transport_ipproto(request->transport),
	    .internal_port = request->internal_port,
	};

	memcpy(map.nonce, request->nonce, sizeof(map.nonce));
	if (job->kind == PMP_UNMAP) {
		/* RFC 6887 section 15.1 with erratum 3621: the all-zeros
		 * address of the family of the mapping's outer address. */
		map.external.family = request->external_addr.family;
		return map;
	}
	map.external_port = request->external_port;
	map.external = request->external_addr;
	return map;
}

static int send_request(struct pmp_engine *engine, const struct pmp_job *job)
{
	uint8_t buf[PCP_MESSAGE_BYTES];
	const struct pcp_client *pcp = (const struct pcp_client *)engine;
	struct pcp_request request = {.opcode = PCP_ANNOUNCE,
				      .client = pcp->client_address};
	int len;

	if (job->kind != PMP_PROBE) {
		request.opcode = PCP_MAP;
		request.map = map_of(job);
	}
	if (job->kind == PMP_MAP)
		request.lifetime_s = job->request.lifetime_s;
	len = pcp_encode_request(&request, buf, sizeof(buf));
	if (len < 0)
		return len;
	if (send(engine->fd, buf, (size_t)len, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

/* RFC 6887 section 11.1: port 0 stands for every port. */
static bool decide(struct pmp_engine *engine, const struct pmp_job *job,
		   struct map_result *ret_result)
{
	(void)engine;
	if (job->kind == PMP_PROBE || job->request.internal_port != 0)
		return false;
	*ret_result = pmp_result(MAP_BROKEN, 0, "port 0 means every port");
	return true;
}

/* --- answers --- */

static const struct {
	enum map_status status;
	const char *words;
} results[] = {
    [PCP_SUCCESS] = {MAP_OK, ""},
    [PCP_UNSUPP_VERSION] = {MAP_ABSENT, "the gateway refuses PCP version 2"},
    [PCP_NOT_AUTHORIZED] = {MAP_REFUSED, "the gateway's policy forbids it"},
    [PCP_MALFORMED_REQUEST] = {MAP_BROKEN, "the gateway calls it malformed"},
    [PCP_UNSUPP_OPCODE] = {MAP_ABSENT, "the gateway maps no ports by PCP"},
    [PCP_UNSUPP_OPTION] = {MAP_BROKEN, "the gateway refuses an option"},
    [PCP_MALFORMED_OPTION] = {MAP_BROKEN, "the gateway refuses an option"},
    [PCP_NETWORK_FAILURE] = {MAP_NO_NETWORK, "the gateway is offline"},
    [PCP_NO_RESOURCES] = {MAP_NO_RESOURCES, "the gateway has none left"},
    [PCP_UNSUPP_PROTOCOL] = {MAP_REFUSED, "the gateway refuses UDP or TCP"},
    [PCP_USER_EX_QUOTA] = {MAP_NO_RESOURCES, "this host's quota is used up"},
    [PCP_CANNOT_PROVIDE_EXTERNAL] = {MAP_CONFLICT, "this outer port is taken"},
    [PCP_ADDRESS_MISMATCH] = {MAP_MISMATCH, "another NAT stands in between"},
    [PCP_EXCESSIVE_REMOTE_PEERS] = {MAP_BROKEN, "too many peers"},
};

static struct map_result error_result(const struct pcp_response *response)
{
	struct map_result result = {.status = MAP_BROKEN,
				    .code = response->result,
				    .retry_after_s = response->lifetime_s};
	const char *words = "a result that nobody knows";

	if (response->result < sizeof(results) / sizeof(results[0])) {
		result.status = results[response->result].status;
		words = results[response->result].words;
	}
	snprintf(result.detail, sizeof(result.detail), "%s (PCP %s, %u)", words,
		 pcp_result_name(response->result), response->result);
	return result;
}

static bool is_answer_to(const struct pcp_response *response,
			 const struct pmp_job *job)
{
	struct pcp_map map;

	if (job->kind == PMP_PROBE)
		return response->opcode == PCP_ANNOUNCE;
	if (response->opcode != PCP_MAP || !response->has_map)
		return false;
	map = map_of(job);
	if (memcmp(map.nonce, response->map.nonce, sizeof(map.nonce)) != 0 ||
	    map.protocol != response->map.protocol ||
	    map.internal_port != response->map.internal_port)
		return false;
	/* A late copy of the answer to a deletion grants nothing, and one of a
	 * grant deletes nothing. */
	return response->result != PCP_SUCCESS ||
	       (response->lifetime_s == 0) == (job->kind == PMP_UNMAP);
}

static struct pmp_job *find_job(struct pmp_engine *engine,
				const struct pcp_response *response)
{
	struct pmp_job *job;

	TAILQ_FOREACH (job, &engine->jobs.at[PMP_FLYING], link)
		if (is_answer_to(response, job))
			return job;
	return NULL;
}

/* An error echoes the address that was suggested (RFC 6887 section 11.1); any
 * other one in it is the gateway's own, a hint of the NAT above it. */
static void take_hint(struct pmp_engine *engine, const struct pmp_job *job,
		      const struct pcp_response *response)
{
	const struct addr *external = &response->map.external;

	if (addr_is_set(external) &&
	    !addr_equal(external, &job->request.external_addr))
		pmp_engine_set_external(engine, external);
}

static struct map_result judge_map(struct pmp_engine *engine,
				   const struct pmp_job *job,
				   const struct pcp_response *response)
{
	struct map_result result = {.status = MAP_OK};

	if (response->result != PCP_SUCCESS) {
		take_hint(engine, job, response);
		return error_result(response);
	}
	if (job->kind == PMP_UNMAP)
		return result;
	if (response->map.external_port == 0)
		return pmp_result(MAP_BROKEN, 0, "granted, but without a port");
	result.external.addr = response->map.external;
	result.external.port = response->map.external_port;
	result.lifetime_s = response->lifetime_s;
	pmp_engine_set_external(engine, &response->map.external);
	return result;
}

static void on_response(struct pmp_engine *engine,
			const struct pcp_response *response)
{
	struct pmp_job *job;
	struct map_result result;

	if (response->result == PCP_UNSUPP_VERSION &&
	    engine->jobs.flying_count > 0) {
		pmp_engine_absent(engine, results[PCP_UNSUPP_VERSION].words);
		return;
	}
	job = find_job(engine, response);
	/* RFC 6887 section 14.1.1: a server may tell each client by itself. */
	if (!job && response->opcode == PCP_ANNOUNCE) {
		pmp_engine_announced(engine);
		return;
	}
	if (!job) {
		pmp_engine_drop(engine, "answers no request");
		return;
	}
	pmp_engine_heard_epoch(engine, response->epoch_s);
	result = pmp_result(MAP_OK, response->result, "");
	if (job->kind != PMP_PROBE)
		result = judge_map(engine, job, response);
	pmp_engine_finish(engine, job, &result);
}

static void on_version_refusal(struct pmp_engine *engine, unsigned int version)
{
	char why[64];

	if (engine->jobs.flying_count == 0) {
		pmp_engine_drop(engine, "answers no request");
		return;
	}
	snprintf(why, sizeof(why),
		 version ? "the gateway speaks PCP version %u only"
			 : "the gateway speaks NAT-PMP only",
		 version);
	pmp_engine_absent(engine, why);
}

static void on_datagram(struct pmp_engine *engine, const uint8_t *bytes,
			size_t len)
{
	struct pcp_response response;
	int error = pcp_decode_response(bytes, len, &response);

	if (error == -EPROTONOSUPPORT)
		on_version_refusal(engine, pcp_peek_version(bytes, len));
	else if (error < 0)
		pmp_engine_drop(engine, "malformed");
	else
		on_response(engine, &response);
}

/* RFC 6887 section 14.1.2. */
static bool is_announcement(const uint8_t *bytes, size_t len)
{
	struct pcp_response response;

	return pcp_decode_response(bytes, len, &response) == 0 &&
	       response.opcode == PCP_ANNOUNCE &&
	       response.result == PCP_SUCCESS;
}

static bool receive(struct pmp_engine *engine)
{
	uint8_t buf[PCP_MESSAGE_BYTES + 1];
	struct endpoint from;
	ssize_t len = pmp_socket_receive(engine->fd, buf, sizeof(buf), &from);

	if (len == -EAGAIN)
		return false;
	if (len < 0)
		return true;
	/* What came before connect() may be from anybody. */
	if (!endpoint_equal(&from, &engine->server))
		pmp_engine_drop(engine, "wrong sender");
	else if ((size_t)len > PCP_MESSAGE_BYTES)
		pmp_engine_drop(engine, "too long");
	else
		on_datagram(engine, buf, (size_t)len);
	return true;
}

/* --- the client --- */

static const struct pmp_protocol protocol = {
    .via = MAP_VIA_PCP,
    .window_most = WINDOW_MOST,
    .first_retry_ms = FIRST_RETRY_MS,
    .retry_most_ms = RETRY_MOST_MS,
    .jitter_permille = JITTER_PERMILLE,
    .is_reset = pcp_epoch_is_reset,
    .decide = decide,
    .send = send_request,
    .is_announcement = is_announcement,
    .receive = receive,
};

static void free_client(struct map_client *client)
{
	struct pcp_client *pcp = (struct pcp_client *)client;
	int fd = pcp->engine.fd;

	pmp_engine_fini(&pcp->engine);
	close(fd);
	free(pcp);
}

static const struct map_client_ops ops = {
    .probe = pmp_engine_probe,
    .map = pmp_engine_map,
    .unmap = pmp_engine_unmap,
    .cancel = pmp_engine_cancel,
    .free = free_client,
};

struct map_client *pcp_client_new(struct loop *loop, struct log *log,
				  const struct map_client_options *options)
{
	struct pcp_client *pcp;
	int fd = pmp_socket_open(options);

	if (fd < 0) {
		log_warn(log, "protocol=pcp cause=\"%s\"", strerror(-fd));
		return NULL;
	}
	pcp = xcalloc(1, sizeof(*pcp));
	pcp->client_address =
	    addr_is_set(&options->seen) ? options->seen : options->local;
	pmp_engine_init(&pcp->engine, &protocol, loop, log, options, fd);
	pcp->engine.client.ops = &ops;
	return &pcp->engine.client;
}

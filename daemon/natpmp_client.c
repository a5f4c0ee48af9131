#include "natpmp_client.h"

#include <errno.h>
#include <fcntl.h>
#include <natpmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "natpmp_wire.h"
#include "pmp_engine.h"
#include "pmp_socket.h"

/* RFC 6886 section 3.1: 250 ms, doubled up to the 64 s of the ninth. */
#define FIRST_RETRY_MS 250
#define RETRY_MOST_MS  64000
/* Mappings asked for within this time share one question for the address. */
#define ADDRESS_FRESH_MS 5000

struct natpmp_client {
	struct pmp_engine engine; /* first */
	natpmp_t natpmp;
	bool has_address_answer;
	uint64_t address_answer_ms;
	bool is_offline; /* the last address answer was 'network failure' */
};

static struct natpmp_client *client_of(struct pmp_engine *engine)
{
	return (struct natpmp_client *)engine;
}

/* --- requests --- */

static enum natpmp_wire_op op_of(const struct pmp_job *job)
{
	if (job->kind == PMP_PROBE)
		return NATPMP_WIRE_ADDRESS;
	return job->request.transport == TRANSPORT_TCP ? NATPMP_WIRE_MAP_TCP
						       : NATPMP_WIRE_MAP_UDP;
}

/* Sending anew instead of asking the library to retry keeps its wall clock and
 * its unguarded read out of the game. */
static int send_request(struct pmp_engine *engine, const struct pmp_job *job)
{
	natpmp_t *natpmp = &client_of(engine)->natpmp;
	const struct map_request *request = &job->request;
	bool is_map = job->kind == PMP_MAP;
	int n;

	errno = 0;
	if (job->kind == PMP_PROBE)
		n = sendpublicaddressrequest(natpmp);
	else
		/* RFC 6886 section 3.4: a deletion has neither an outer port
		 * nor a lifetime. */
		n = sendnewportmappingrequest(
		    natpmp,
		    op_of(job) == NATPMP_WIRE_MAP_TCP ? NATPMP_PROTOCOL_TCP
						      : NATPMP_PROTOCOL_UDP,
		    request->internal_port, is_map ? request->external_port : 0,
		    is_map ? request->lifetime_s : 0);
	if (n < 0)
		return errno ? -errno : -EIO;
	return 0;
}

static bool decide(struct pmp_engine *engine, const struct pmp_job *job,
		   struct map_result *ret_result)
{
	if (job->kind == PMP_PROBE)
		return false;
	/* RFC 6886 section 3.4: it would delete all mappings of this host. */
	if (job->request.internal_port == 0) {
		*ret_result =
		    pmp_result(MAP_BROKEN, 0, "port 0 means every port");
		return true;
	}
	if (job->kind == PMP_MAP && client_of(engine)->is_offline) {
		*ret_result =
		    pmp_result(MAP_NO_NETWORK, NATPMP_WIRE_NETWORK_FAILURE,
			       "the gateway has no outer address");
		return true;
	}
	return false;
}

/* --- the guard --- */

/* Is ANSWER the one to JOB? The port of an error says nothing by the RFC, but
 * gateways echo it, so another one's error is told apart by it. */
static bool is_answer_to(const struct natpmp_wire_answer *answer,
			 const struct pmp_job *job)
{
	bool is_port_right =
	    answer->internal_port == job->request.internal_port;

	if (answer->op != op_of(job))
		return false;
	if (job->kind == PMP_PROBE)
		return true;
	if (answer->result != NATPMP_WIRE_SUCCESS)
		return is_port_right || answer->internal_port == 0;
	/* A late copy of the answer to a deletion grants nothing, and one of a
	 * grant deletes nothing. */
	return is_port_right &&
	       (answer->lifetime_s == 0) == (job->kind == PMP_UNMAP);
}

/* Looks at the next datagram. 0: libnatpmp may read it; -EPROTONOSUPPORT: the
 * gateway does not speak NAT-PMP; -EBADMSG: WHY; -EAGAIN: there is none; other:
 * an error was taken off the socket. */
static int peek_answer(struct pmp_engine *engine, const struct pmp_job *job,
		       struct natpmp_wire_answer *ret_answer,
		       const char **ret_why)
{
	uint8_t buf[NATPMP_WIRE_MAP_BYTES + 1];
	struct endpoint from;
	ssize_t len = pmp_socket_peek(engine->fd, buf, sizeof(buf), &from);
	size_t seen = (size_t)len < sizeof(buf) ? (size_t)len : sizeof(buf);
	int error;

	if (len < 0)
		return (int)len;
	*ret_why = "wrong sender";
	if (!endpoint_equal(&from, &engine->server))
		return -EBADMSG;
	*ret_why = "answers no request";
	if (!job)
		return -EBADMSG;
	*ret_why = "malformed";
	error = natpmp_wire_decode_answer(buf, seen, ret_answer);
	if (error < 0)
		return error;
	*ret_why = "answers another request";
	return is_answer_to(ret_answer, job) ? 0 : -EBADMSG;
}

/* --- answers --- */

static struct map_result result_of(int code, const char *name)
{
	struct map_result result = {.code = code};
	const char *words;

	switch (code) {
	case NATPMP_WIRE_NOT_AUTHORIZED:
		result.status = MAP_REFUSED;
		words = "the gateway's policy forbids it";
		break;
	case NATPMP_WIRE_NETWORK_FAILURE:
		result.status = MAP_NO_NETWORK;
		words = "the gateway has no outer address";
		break;
	case NATPMP_WIRE_NO_RESOURCES:
		result.status = MAP_NO_RESOURCES;
		words = "the gateway has none left";
		break;
	default:
		result.status = MAP_BROKEN;
		words = "a result that nobody knows";
		break;
	}
	snprintf(result.detail, sizeof(result.detail), "%s (NAT-PMP %s, %d)",
		 words, name, code);
	return result;
}

static void take_address(struct natpmp_client *natpmp, int code,
			 const natpmpresp_t *response)
{
	struct pmp_engine *engine = &natpmp->engine;
	struct addr external = {.family = AF_UNSPEC};

	natpmp->has_address_answer = true;
	natpmp->address_answer_ms = loop_now_ms(engine->loop);
	natpmp->is_offline = code == NATPMP_WIRE_NETWORK_FAILURE;
	if (code == NATPMP_WIRE_SUCCESS)
		external = addr_from_ipv4(&response->pnu.publicaddress.addr);
	pmp_engine_set_external(engine, &external);
}

static struct map_result judge_map(struct natpmp_client *natpmp,
				   const struct pmp_job *job,
				   const natpmpresp_t *response)
{
	struct map_result result = {.status = MAP_OK};

	if (job->kind == PMP_UNMAP)
		return result;
	result.external.addr = natpmp->engine.client.external;
	result.external.port = response->pnu.newportmapping.mappedpublicport;
	result.lifetime_s = response->pnu.newportmapping.lifetime;
	if (result.external.port == 0)
		return pmp_result(MAP_BROKEN, 0, "granted, but without a port");
	return result;
}

/* What libnatpmp made of an answer that the guard let through. */
static void on_response(struct natpmp_client *natpmp, struct pmp_job *job,
			const struct natpmp_wire_answer *answer,
			const natpmpresp_t *response)
{
	struct pmp_engine *engine = &natpmp->engine;
	struct map_result result;
	int code = answer->result;

	if (code == NATPMP_WIRE_UNSUPP_VERSION ||
	    code == NATPMP_WIRE_UNSUPP_OPCODE) {
		pmp_engine_absent(engine,
				  natpmp_wire_result_name(answer->result));
		return;
	}
	pmp_engine_heard_epoch(engine, response->epoch);
	if (job->kind == PMP_PROBE)
		take_address(natpmp, code, response);
	if (code != NATPMP_WIRE_SUCCESS)
		result =
		    result_of(code, natpmp_wire_result_name(answer->result));
	else
		result = judge_map(natpmp, job, response);
	pmp_engine_finish(engine, job, &result);
}

static void read_answer(struct natpmp_client *natpmp, struct pmp_job *job,
			const struct natpmp_wire_answer *answer)
{
	natpmpresp_t response = {.epoch = 0};
	int n = readnatpmpresponseorretry(&natpmp->natpmp, &response);

	/* An error of the socket came in between: the answer is still there. */
	if (n == NATPMP_TRYAGAIN || n == NATPMP_ERR_NOGATEWAYSUPPORT ||
	    n == NATPMP_ERR_RECVFROM)
		return;
	on_response(natpmp, job, answer, &response);
}

/* RFC 6886 section 3.2.1. */
static bool is_announcement(const uint8_t *bytes, size_t len)
{
	struct natpmp_wire_answer answer;

	return natpmp_wire_decode_announcement(bytes, len, &answer) == 0;
}

static bool receive(struct pmp_engine *engine)
{
	struct pmp_job *job = pmp_jobs_first(&engine->jobs, PMP_FLYING);
	struct natpmp_wire_answer answer;
	const char *why = "";
	int error = peek_answer(engine, job, &answer, &why);

	if (error == -EAGAIN)
		return false;
	if (error == -EPROTONOSUPPORT) {
		pmp_socket_discard(engine->fd);
		pmp_engine_absent(engine, "the gateway refuses NAT-PMP");
	} else if (error == -EBADMSG) {
		pmp_socket_discard(engine->fd);
		pmp_engine_drop(engine, why);
	} else if (error == 0) {
		read_answer(client_of(engine), job, &answer);
	}
	return true;
}

/* --- the client --- */

static const struct pmp_protocol protocol = {
    .via = MAP_VIA_NATPMP,
    .window_most = 1, /* libnatpmp holds one request */
    .first_retry_ms = FIRST_RETRY_MS,
    .retry_most_ms = RETRY_MOST_MS,
    .is_reset = natpmp_epoch_is_reset,
    .decide = decide,
    .send = send_request,
    .is_announcement = is_announcement,
    .receive = receive,
};

static uint64_t map(struct map_client *client,
		    const struct map_request *request, map_done_fn done,
		    void *arg)
{
	struct natpmp_client *natpmp = (struct natpmp_client *)client;
	uint64_t now_ms = loop_now_ms(natpmp->engine.loop);

	if (!natpmp->has_address_answer || natpmp->is_offline ||
	    now_ms - natpmp->address_answer_ms > ADDRESS_FRESH_MS)
		pmp_engine_probe(client);
	return pmp_engine_map(client, request, done, arg);
}

static void free_client(struct map_client *client)
{
	struct natpmp_client *natpmp = (struct natpmp_client *)client;

	pmp_engine_fini(&natpmp->engine);
	closenatpmp(&natpmp->natpmp);
	free(natpmp);
}

static const struct map_client_ops ops = {
    .probe = pmp_engine_probe,
    .map = map,
    .unmap = pmp_engine_unmap,
    .cancel = pmp_engine_cancel,
    .free = free_client,
};

/* Puts our own socket, bound and close-on-exec, under the library's descriptor.
 * Returns 0 or -errno; the library then holds no descriptor. */
static int open_natpmp(natpmp_t *natpmp,
		       const struct map_client_options *options)
{
	in_addr_t gateway;
	int fd, error = 0;

	memcpy(&gateway, options->gateway.bytes, sizeof(gateway));
	fd = pmp_socket_open(options);
	if (fd < 0)
		return fd;
	errno = EIO;
	if (initnatpmp(natpmp, 1, gateway) != 0 ||
	    dup3(fd, natpmp->s, O_CLOEXEC) < 0) {
		error = -errno;
		/* It leaks its socket when it fails. */
		if (natpmp->s >= 0)
			closenatpmp(natpmp);
	}
	close(fd);
	return error;
}

struct map_client *natpmp_client_new(struct loop *loop, struct log *log,
				     const struct map_client_options *options)
{
	struct natpmp_client *natpmp;
	natpmp_t library;
	int error;

	if (options->gateway.family != AF_INET)
		return NULL;
	error = open_natpmp(&library, options);
	if (error < 0) {
		log_warn(log, "protocol=nat-pmp cause=\"%s\"",
			 strerror(-error));
		return NULL;
	}
	natpmp = xcalloc(1, sizeof(*natpmp));
	natpmp->natpmp = library;
	pmp_engine_init(&natpmp->engine, &protocol, loop, log, options,
			library.s);
	natpmp->engine.client.ops = &ops;
	return &natpmp->engine.client;
}

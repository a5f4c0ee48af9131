#include "igd_http.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "igd_soap.h"
#include "igd_wire.h"

#define HEADER_BYTES 768

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until FD can do EVENTS, at the latest until END_MS. */
static bool wait_for(int fd, short events, long long end_ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	long long left_ms;
	int n;

	do {
		left_ms = end_ms - now_ms();
		if (left_ms <= 0)
			return false;
		n = poll(&p, 1, (int)left_ms);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

static int finish_connect(int fd, long long end_ms)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (!wait_for(fd, POLLOUT, end_ms) ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error)
		return IGD_UNREACHABLE;
	return IGD_OK;
}

static int connect_from(int fd, const struct igd_http_request *request,
			long long end_ms)
{
	const struct endpoint source = {.addr = request->source};
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&source, &sa);

	if (bind(fd, (const struct sockaddr *)&sa, len) < 0)
		return IGD_UNREACHABLE;
	len = endpoint_to_sockaddr(&request->server, &sa);
	if (connect(fd, (const struct sockaddr *)&sa, len) == 0)
		return IGD_OK;
	return errno == EINPROGRESS ? finish_connect(fd, end_ms)
				    : IGD_UNREACHABLE;
}

/* The Host header bears no zone, which means something to this host only. */
static int write_request(const struct igd_http_request *request, char *buf,
			 size_t cap)
{
	struct endpoint host = request->server;
	char text[ENDPOINT_TEXT_BYTES];

	host.addr.scope = 0;
	endpoint_format(&host, text, sizeof(text));
	if (!request->body)
		return snprintf(buf, cap,
				"GET %s HTTP/1.1\r\nHost: %s\r\n"
				"Connection: close\r\n\r\n",
				request->path, text);
	return snprintf(buf, cap,
			"POST %s HTTP/1.1\r\nHost: %s\r\n"
			"Content-Type: text/xml; charset=\"utf-8\"\r\n"
			"Content-Length: %zu\r\nSOAPAction: \"%s\"\r\n"
			"Connection: close\r\n\r\n%s",
			request->path, text, strlen(request->body),
			request->action, request->body);
}

/* In one piece: some routers read one packet only. */
static int send_request(int fd, const struct igd_http_request *request,
			long long end_ms)
{
	char text[HEADER_BYTES + IGD_SOAP_BYTES];
	int len = write_request(request, text, sizeof(text));
	ssize_t sent;
	size_t at = 0;

	if (len < 0 || (size_t)len >= sizeof(text))
		return IGD_NONSENSE;
	while (at < (size_t)len) {
		sent = send(fd, text + at, (size_t)len - at, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return IGD_UNREACHABLE;
		if (sent > 0)
			at += (size_t)sent;
		else if (!wait_for(fd, POLLOUT, end_ms))
			return IGD_UNREACHABLE;
	}
	return IGD_OK;
}

static int receive_reply(int fd, char *buf, long long end_ms,
			 struct http_reply *ret_reply)
{
	size_t at = 0;
	ssize_t len;
	int error;

	for (;;) {
		if (at == IGD_HTTP_BYTES || !wait_for(fd, POLLIN, end_ms))
			return IGD_UNREACHABLE;
		len = recv(fd, buf + at, IGD_HTTP_BYTES - at, 0);
		if (len < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (len < 0)
			return IGD_UNREACHABLE;
		at += (size_t)len;
		error = http_reply_parse(buf, at, len == 0, ret_reply);
		if (error != -EAGAIN)
			return error ? IGD_NONSENSE : IGD_OK;
	}
}

int igd_http_fetch(const struct igd_http_request *request, char *buf,
		   struct http_reply *ret_reply)
{
	long long end_ms = now_ms() + IGD_HTTP_MS;
	int fd, code;

	fd = socket(request->server.addr.family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return IGD_UNREACHABLE;
	code = connect_from(fd, request, end_ms);
	if (code == IGD_OK)
		code = send_request(fd, request, end_ms);
	if (code == IGD_OK)
		code = receive_reply(fd, buf, end_ms, ret_reply);
	close(fd);
	return code;
}

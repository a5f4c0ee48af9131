#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "faces.h"

#define IGD "urn:schemas-upnp-org:device:InternetGatewayDevice:"

/* Where the description is said to be. */
static void write_location(const struct addr *self, unsigned int http_port,
			   const struct knobs *knobs, char *buf, size_t cap)
{
	char host[ADDR_TEXT_BYTES];

	addr_format(self, host, sizeof(host));
	if (strcmp(knobs->ssdp, "loopback") == 0)
		strcpy(host, "127.0.0.1");
	else if (strcmp(knobs->ssdp, "foreign") == 0)
		strcpy(host, "198.51.100.7");
	else if (strcmp(knobs->ssdp, "sister") == 0)
		strcpy(host, "192.168.77.250"); /* of the link, and silent */
	snprintf(buf, cap, "http://%s:%u/desc.xml", host, http_port);
}

static bool is_wanted(const char *search, bool is_group,
		      const struct knobs *knobs)
{
	char igd[96];

	if (strcmp(knobs->ssdp, "silent") == 0 ||
	    (strcmp(knobs->ssdp, "unicast") == 0 && is_group) ||
	    (strcmp(knobs->ssdp, "multicast") == 0 && !is_group))
		return false;
	if (strcmp(knobs->ssdp, "root") == 0)
		return strstr(search, "upnp:rootdevice");
	snprintf(igd, sizeof(igd), IGD "%u\r\n", knobs->version);
	return strstr(search, igd);
}

void ssdp_answer(int fd, int odd_fd, bool is_group, const struct addr *self,
		 unsigned int http_port, struct knobs *knobs)
{
	char buf[2048] = "", location[128], reply[1024];
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, buf, sizeof(buf) - 1, 0,
			       (struct sockaddr *)&from, &from_len);
	bool is_odd = strcmp(knobs->ssdp, "port") == 0;
	bool is_root = strcmp(knobs->ssdp, "root") == 0;

	if (len <= 0 || strncmp(buf, "M-SEARCH", 8) != 0)
		return;
	knobs->searches++;
	if (!is_wanted(buf, is_group, knobs))
		return;
	write_location(self, http_port, knobs, location, sizeof(location));
	len = snprintf(
	    reply, sizeof(reply),
	    "HTTP/1.1 200 OK\r\ncache-control: max-age=120\r\n"
	    "%s: " IGD "%u\r\nusn: uuid:fake::x\r\next:\r\n"
	    "server: FakeOS/1.0 UPnP/1.1 fakegw/1.0\r\nLoCation: %s\r\n"
	    "BOOTID.UPNP.ORG: %u\r\n%s",
	    is_root ? "X-ST" : "ST", knobs->version, location, knobs->bootid,
	    is_root ? "ST: upnp:rootdevice\r\n\r\n" : "");
	/* No empty line at the end: some forget it. */
	(void)!sendto(is_odd ? odd_fd : fd, reply, (size_t)len, 0,
		      (struct sockaddr *)&from, from_len);
}

void ssdp_notify(int fd, const char *nts, const struct addr *self,
		 unsigned int http_port, const struct knobs *knobs)
{
	char text[1024], location[128];
	int len;

	write_location(self, http_port, knobs, location, sizeof(location));
	len = snprintf(text, sizeof(text),
		       "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
		       "NT: " IGD "%u\r\nNTS: ssdp:%s\r\nUSN: uuid:fake::x\r\n"
		       "LOCATION: %s\r\nCACHE-CONTROL: max-age=120\r\n"
		       "BOOTID.UPNP.ORG: %u\r\n\r\n",
		       knobs->version, nts, location, knobs->bootid);
	face_send_group(fd, self, "239.255.255.250", 1900, text, (size_t)len);
}

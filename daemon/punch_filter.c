#include "punch_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The filter of a UDP socket sees the datagram from its header on. */
#define HEADER_BYTES 8
#define OK_BYTES     (HEADER_BYTES + 2)
#define ACK_BYTES    (HEADER_BYTES + 6)
#define PING_BYTES   (HEADER_BYTES + 24)

#define WORD(a, b, c, d)                                                       \
	((unsigned int)(a) << 24 | (unsigned int)(b) << 16 |                   \
	 (unsigned int)(c) << 8 | (unsigned int)(d))

#define LOAD_LENGTH   BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)
#define LOAD_WORD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, HEADER_BYTES + (at))
#define LOAD_HALF(at) BPF_STMT(BPF_LD | BPF_H | BPF_ABS, HEADER_BYTES + (at))
/* Skips so many instructions when equal, so many when not. */
#define IF_EQUAL(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)
#define IF_LEAST(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, k, yes, no)
#define RETURN(bytes)        BPF_STMT(BPF_RET | BPF_K, bytes)

int punch_filter_attach(int fd)
{
	static const struct sock_filter code[] = {
	    /* 0 */ LOAD_LENGTH,
	    /* 1 */ IF_EQUAL(OK_BYTES, 2, 0),
	    /* 2 */ IF_EQUAL(ACK_BYTES, 3, 0),
	    /* 3 */ IF_LEAST(PING_BYTES, 6, 12),
	    /* 4: "OK" */ LOAD_HALF(0),
	    /* 5 */ IF_EQUAL(WORD(0, 0, 'O', 'K'), 11, 10),
	    /* 6: "OK_ACK" */ LOAD_WORD(0),
	    /* 7 */ IF_EQUAL(WORD('O', 'K', '_', 'A'), 0, 8),
	    /* 8 */ LOAD_HALF(4),
	    /* 9 */ IF_EQUAL(WORD(0, 0, 'C', 'K'), 7, 6),
	    /* 10: "continuously pinging to " */ LOAD_WORD(0),
	    /* 11 */ IF_EQUAL(WORD('c', 'o', 'n', 't'), 0, 4),
	    /* 12 */ LOAD_WORD(12),
	    /* 13 */ IF_EQUAL(WORD(' ', 'p', 'i', 'n'), 0, 2),
	    /* 14 */ LOAD_WORD(20),
	    /* 15 */ IF_EQUAL(WORD(' ', 't', 'o', ' '), 1, 0),
	    /* 16: pass */ RETURN(UINT32_MAX),
	    /* 17: drop */ RETURN(0),
	};
	struct sock_filter copy[sizeof(code) / sizeof(code[0])];
	const struct sock_fprog program = {
	    .len = sizeof(code) / sizeof(code[0]),
	    .filter = copy,
	};

	for (size_t i = 0; i < sizeof(code) / sizeof(code[0]); i++)
		copy[i] = code[i];
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0
		   ? -errno
		   : 0;
}

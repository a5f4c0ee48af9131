#include "punch_path.h"

static const enum punch_state next_state[PUNCH_STATE_COUNT][PUNCH_EVENT_COUNT] =
    {
	[PUNCH_SEEKING] =
	    {
		[PUNCH_EVENT_HEARD] = PUNCH_SPARE,
		[PUNCH_EVENT_CHOOSE] = PUNCH_SEEKING,
		[PUNCH_EVENT_PROVEN] = PUNCH_SEEKING,
		[PUNCH_EVENT_STALLED] = PUNCH_SEEKING,
		[PUNCH_EVENT_REFUSED] = PUNCH_SEEKING,
		[PUNCH_EVENT_CLOSE] = PUNCH_CLOSED,
	    },
	[PUNCH_SPARE] =
	    {
		[PUNCH_EVENT_HEARD] = PUNCH_SPARE,
		[PUNCH_EVENT_CHOOSE] = PUNCH_CHOSEN,
		[PUNCH_EVENT_PROVEN] = PUNCH_SPARE,
		[PUNCH_EVENT_STALLED] = PUNCH_SEEKING,
		[PUNCH_EVENT_REFUSED] = PUNCH_SEEKING,
		[PUNCH_EVENT_CLOSE] = PUNCH_CLOSED,
	    },
	[PUNCH_CHOSEN] =
	    {
		[PUNCH_EVENT_HEARD] = PUNCH_CHOSEN,
		[PUNCH_EVENT_CHOOSE] = PUNCH_CHOSEN,
		[PUNCH_EVENT_PROVEN] = PUNCH_DONE,
		[PUNCH_EVENT_STALLED] = PUNCH_SEEKING,
		[PUNCH_EVENT_REFUSED] = PUNCH_SEEKING,
		[PUNCH_EVENT_CLOSE] = PUNCH_CLOSED,
	    },
	[PUNCH_DONE] =
	    {
		[PUNCH_EVENT_HEARD] = PUNCH_DONE,
		[PUNCH_EVENT_CHOOSE] = PUNCH_DONE,
		[PUNCH_EVENT_PROVEN] = PUNCH_DONE,
		[PUNCH_EVENT_STALLED] = PUNCH_DONE,
		[PUNCH_EVENT_REFUSED] = PUNCH_DONE,
		[PUNCH_EVENT_CLOSE] = PUNCH_DONE,
	    },
	[PUNCH_CLOSED] =
	    {
		[PUNCH_EVENT_HEARD] = PUNCH_CLOSED,
		[PUNCH_EVENT_CHOOSE] = PUNCH_CLOSED,
		[PUNCH_EVENT_PROVEN] = PUNCH_CLOSED,
		[PUNCH_EVENT_STALLED] = PUNCH_CLOSED,
		[PUNCH_EVENT_REFUSED] = PUNCH_CLOSED,
		[PUNCH_EVENT_CLOSE] = PUNCH_CLOSED,
	    },
};

enum punch_state punch_state_next(enum punch_state state,
				  enum punch_event event)
{
	return next_state[state][event];
}

const char *punch_state_name(enum punch_state state)
{
	static const char *const names[] = {
	    [PUNCH_SEEKING] = "seeking", [PUNCH_SPARE] = "spare",
	    [PUNCH_CHOSEN] = "chosen",   [PUNCH_DONE] = "connected",
	    [PUNCH_CLOSED] = "closed",   [PUNCH_STATE_COUNT] = NULL,
	};

	return names[state];
}

const char *punch_proof_name(enum punch_proof proof)
{
	static const char *const names[] = {
	    [PUNCH_PROOF_NONE] = "none",       [PUNCH_PROOF_ACK] = "ack",
	    [PUNCH_PROOF_OK] = "ok",           [PUNCH_PROOF_DATA] = "data",
	    [PUNCH_PROOF_ASSUMED] = "assumed", [PUNCH_PROOF_QUIET] = "quiet",
	};

	return names[proof];
}

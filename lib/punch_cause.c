#include "punch_cause.h"

static bool was_heard(const struct punch_path *path)
{
	return path->pings_heard || path->oks_heard;
}

enum punch_cause punch_cause_of_path(const struct punch_path *path,
				     enum punch_role role)
{
	if (path->proof != PUNCH_PROOF_NONE)
		return PUNCH_CAUSE_NONE;
	if (was_heard(path)) {
		if (!path->answers_sent)
			return PUNCH_CAUSE_NONE;
		return role == PUNCH_PROVIDER && path->oks_heard
			   ? PUNCH_CAUSE_UNCONFIRMED
			   : PUNCH_CAUSE_ONE_WAY;
	}
	if (path->send_error)
		return PUNCH_CAUSE_SENDING;
	if (path->refused)
		return PUNCH_CAUSE_REFUSED;
	if (path->unreachable)
		return PUNCH_CAUSE_UNREACHABLE;
	return path->pings_sent ? PUNCH_CAUSE_SILENT : PUNCH_CAUSE_NONE;
}

/* What the paths have in common: the cause that came furthest. */
static enum punch_cause worst_cause(const struct punch_core *core,
				    enum punch_role role)
{
	enum punch_cause worst = PUNCH_CAUSE_NONE;
	bool is_any_silent = false;

	for (size_t i = 0; i < punch_core_path_count(core); i++) {
		const struct punch_path *path = punch_core_path(core, i);
		enum punch_cause cause = punch_cause_of_path(path, role);

		if (path->proof != PUNCH_PROOF_NONE)
			return PUNCH_CAUSE_TOO_FEW;
		is_any_silent |= cause == PUNCH_CAUSE_SILENT;
		if (cause > worst)
			worst = cause;
	}
	/* One closed port among silent ones says nothing about those. */
	if (is_any_silent && worst < PUNCH_CAUSE_SILENT)
		return PUNCH_CAUSE_SILENT;
	return worst;
}

enum punch_cause punch_cause_of(const struct punch_core *core,
				enum punch_role role,
				const struct punch_surroundings *around)
{
	enum punch_cause cause = worst_cause(core, role);

	if (punch_core_outcome(core) != PUNCH_FAILED)
		return PUNCH_CAUSE_NONE;
	if (cause != PUNCH_CAUSE_SILENT)
		return cause;
	if (around->is_same_nat)
		return PUNCH_CAUSE_SAME_NAT;
	if (around->mapping == NAT_MAPPING_ADDRESS ||
	    around->mapping == NAT_MAPPING_ADDRESS_PORT)
		return PUNCH_CAUSE_SYMMETRIC;
	return PUNCH_CAUSE_SILENT;
}

const char *punch_cause_name(enum punch_cause cause)
{
	static const char *const names[] = {
	    [PUNCH_CAUSE_NONE] = "none",
	    [PUNCH_CAUSE_SENDING] = "sending",
	    [PUNCH_CAUSE_REFUSED] = "refused",
	    [PUNCH_CAUSE_UNREACHABLE] = "unreachable",
	    [PUNCH_CAUSE_SAME_NAT] = "same-nat",
	    [PUNCH_CAUSE_SYMMETRIC] = "symmetric",
	    [PUNCH_CAUSE_SILENT] = "silent",
	    [PUNCH_CAUSE_ONE_WAY] = "one-way",
	    [PUNCH_CAUSE_UNCONFIRMED] = "unconfirmed",
	    [PUNCH_CAUSE_TOO_FEW] = "too-few",
	};

	return names[cause];
}

const char *punch_cause_text(enum punch_cause cause)
{
	static const char *const texts[] = {
	    [PUNCH_CAUSE_NONE] = "connected",
	    [PUNCH_CAUSE_SENDING] = "this host could not send: no route, or "
				    "its firewall forbids it",
	    [PUNCH_CAUSE_REFUSED] =
		"the peer's ports are closed: it has not started, or is done",
	    [PUNCH_CAUSE_UNREACHABLE] =
		"a router on the way says that the peer cannot be reached",
	    [PUNCH_CAUSE_SAME_NAT] =
		"the peer is behind our own router, which does not turn "
		"packets round, or the peer tries its own host only; its "
		"address in the LAN would do (--candidate)",
	    [PUNCH_CAUSE_SYMMETRIC] =
		"nothing came in: our NAT gives each peer another port "
		"(symmetric), and the peer's filters by port; a port mapping "
		"on either side solves it",
	    [PUNCH_CAUSE_SILENT] =
		"nothing came in: the peer has not started, its ports are "
		"not these, or its NAT gives each peer another port "
		"(symmetric) while ours filters by port",
	    [PUNCH_CAUSE_ONE_WAY] =
		"the peer is heard but does not hear us: a firewall on the "
		"way drops what we send",
	    [PUNCH_CAUSE_UNCONFIRMED] =
		"the peer hears us, but its last word did not come",
	    [PUNCH_CAUSE_TOO_FEW] =
		"some paths are connected, but fewer than were asked for",
	};

	return texts[cause];
}

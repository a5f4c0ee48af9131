#include "nat_behaviour.h"

const char *nat_mapping_name(enum nat_mapping mapping)
{
	static const char *const names[] = {
	    [NAT_MAPPING_UNKNOWN] = NULL,
	    [NAT_MAPPING_NONE] = "none",
	    [NAT_MAPPING_INDEPENDENT] = "endpoint-independent",
	    [NAT_MAPPING_ADDRESS] = "address-dependent",
	    [NAT_MAPPING_ADDRESS_PORT] = "address-and-port-dependent",
	};

	return names[mapping];
}

const char *nat_filtering_name(enum nat_filtering filtering)
{
	static const char *const names[] = {
	    [NAT_FILTERING_UNKNOWN] = NULL,
	    [NAT_FILTERING_INDEPENDENT] = "endpoint-independent",
	    [NAT_FILTERING_ADDRESS] = "address-dependent",
	    [NAT_FILTERING_ADDRESS_PORT] = "address-and-port-dependent",
	};

	return names[filtering];
}

const char *nat_allocation_name(enum nat_allocation allocation)
{
	static const char *const names[] = {
	    [NAT_ALLOCATION_UNKNOWN] = NULL,
	    [NAT_ALLOCATION_PRESERVING] = "preserving",
	    [NAT_ALLOCATION_SEQUENTIAL] = "sequential",
	    [NAT_ALLOCATION_RANDOM] = "random",
	};

	return names[allocation];
}

const char *nat_confidence_name(enum nat_confidence confidence)
{
	static const char *const names[] = {
	    [NAT_CONFIDENCE_NONE] = "none",
	    [NAT_CONFIDENCE_LOW] = "low",
	    [NAT_CONFIDENCE_MEDIUM] = "medium",
	    [NAT_CONFIDENCE_HIGH] = "high",
	};

	return names[confidence];
}

static const char *cone_name(enum nat_filtering filtering)
{
	static const char *const names[] = {
	    [NAT_FILTERING_UNKNOWN] = NULL,
	    [NAT_FILTERING_INDEPENDENT] = "full-cone",
	    [NAT_FILTERING_ADDRESS] = "restricted-cone",
	    [NAT_FILTERING_ADDRESS_PORT] = "port-restricted-cone",
	};

	return names[filtering];
}

const char *nat_legacy_name(const struct nat_behaviour *nat)
{
	switch (nat->mapping) {
	case NAT_MAPPING_NONE:
		return "none";
	case NAT_MAPPING_INDEPENDENT:
		return cone_name(nat->filtering);
	case NAT_MAPPING_ADDRESS:
	case NAT_MAPPING_ADDRESS_PORT:
		return "symmetric";
	case NAT_MAPPING_UNKNOWN:
		break;
	}
	return NULL;
}

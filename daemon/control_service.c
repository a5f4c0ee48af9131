#include "control_service.h"

#include <stdbool.h>
#include <string.h>

#include "varlink.h"

#define INTERFACE "org.varlink.service"

static const char service_idl[] =
    "# What a varlink service tells about itself.\n"
    "interface org.varlink.service\n"
    "\n"
    "method GetInfo() -> (\n"
    "  vendor: string,\n"
    "  product: string,\n"
    "  version: string,\n"
    "  url: string,\n"
    "  interfaces: []string\n"
    ")\n"
    "\n"
    "method GetInterfaceDescription(interface: string) -> "
    "(description: string)\n"
    "\n"
    "error InterfaceNotFound (interface: string)\n"
    "error MethodNotFound (method: string)\n"
    "error MethodNotImplemented (method: string)\n"
    "error InvalidParameter (parameter: string)\n";

static bool is_interface(const char *interface, const char *name, size_t len)
{
	return strlen(interface) == len && memcmp(interface, name, len) == 0;
}

static json_t *no_interface(const char *name, size_t len)
{
	return varlink_error_new(INTERFACE ".InterfaceNotFound",
				 json_pack("{s:s%}", "interface", name, len));
}

json_t *control_service_no_method(const char *method)
{
	return varlink_error_new(INTERFACE ".MethodNotFound",
				 json_pack("{s:s}", "method", method));
}

json_t *control_service_invalid(const char *field)
{
	return varlink_error_new(INTERFACE ".InvalidParameter",
				 json_pack("{s:s}", "parameter", field));
}

static json_t *get_info(const char *ours)
{
	json_t *info =
	    json_pack("{s:s, s:s, s:s, s:s, s:[s,s]}", "vendor", "traversald",
		      "product", "traversald", "version", VERSION, "url", "",
		      "interfaces", INTERFACE, ours);

	return varlink_reply_new(info, false);
}

static json_t *describe(const char *ours, const char *idl,
			const json_t *parameters)
{
	const char *wanted =
	    json_string_value(json_object_get(parameters, "interface"));
	const char *text = NULL;

	if (!wanted)
		return control_service_invalid("interface");
	if (strcmp(wanted, INTERFACE) == 0)
		text = service_idl;
	else if (strcmp(wanted, ours) == 0)
		text = idl;
	if (!text)
		return no_interface(wanted, strlen(wanted));
	return varlink_reply_new(json_pack("{s:s}", "description", text),
				 false);
}

json_t *control_service_answer(const char *ours, const char *idl,
			       const char *method, size_t interface_len,
			       const json_t *parameters)
{
	const char *name = method + interface_len + 1;

	if (is_interface(ours, method, interface_len))
		return NULL;
	if (!is_interface(INTERFACE, method, interface_len))
		return no_interface(method, interface_len);
	if (strcmp(name, "GetInfo") == 0)
		return get_info(ours);
	if (strcmp(name, "GetInterfaceDescription") == 0)
		return describe(ours, idl, parameters);
	return control_service_no_method(method);
}

#include "control_bench.h"

/* --- calls ------------------------------------------------------------------
 */

static void control_when_called_then_parameters_come_back(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench);

	say(fd, ECHO("1"));
	assert_string_equal(hear(bench, fd), "{\"parameters\":{\"n\":1}}");
	close(fd);
}

static void control_when_one_byte_at_a_time_then_same_answer(void **state)
{
	static const char request[] = ECHO("2");
	struct bench *bench = *state;
	int fd = connect_reading(bench);

	for (size_t i = 0; i < sizeof(request); i++)
		put(fd, &request[i], 1);
	assert_says(bench, fd, "{\"n\":2}");
	close(fd);
}

static void control_when_pipelined_then_answers_in_order(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench);
	char text[128];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), ECHO("%d"), i);
		say(fd, text);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "{\"parameters\":{\"n\":%d}}", i);
		assert_string_equal(hear(bench, fd), text);
	}
	close(fd);
}

static void control_when_call_under_way_then_next_waits(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench), other = connect_reading(bench);

	say(fd, "{\"method\":\"io.traversald.Park\"}");
	say(fd, ECHO("3"));
	/* Until Park has come through: ask for it from the side. */
	do {
		say(other, "{\"method\":\"io.traversald.Unpark\"}");
	} while (strstr(hear(bench, other), "\"parked\":false"));
	assert_string_equal(hear(bench, fd), "{\"parameters\":{}}");
	assert_says(bench, fd, "{\"n\":3}");
	close(fd);
	close(other);
}

static void control_when_client_goes_then_gone_is_called(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench), other = connect_reading(bench);

	say(fd, "{\"method\":\"io.traversald.Park\"}");
	close(fd);
	do {
		say(other, "{\"method\":\"io.traversald.CountGone\"}");
	} while (strstr(hear(bench, other), "\"gone\":0"));
	close(other);
}

/* As "socat" does after the end of its input. */
static void control_when_half_closed_then_still_answers(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench), other = connect_reading(bench);

	say(fd, "{\"method\":\"io.traversald.Park\"}");
	say(fd, ECHO("5"));
	shutdown(fd, SHUT_WR);
	do {
		say(other, "{\"method\":\"io.traversald.Unpark\"}");
	} while (strstr(hear(bench, other), "\"parked\":false"));
	assert_string_equal(hear(bench, fd), "{\"parameters\":{}}");
	assert_says(bench, fd, "{\"n\":5}");
	assert_string_equal(hear(bench, fd), "");
	close(fd);
	close(other);
}

static void control_when_oneway_then_no_reply(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench);

	say(fd, "{\"method\":\"io.traversald.Echo\",\"oneway\":true}");
	say(fd, "{\"method\":\"io.traversald.Nope\",\"oneway\":true}");
	say(fd, ECHO("6"));
	assert_says(bench, fd, "{\"n\":6}");
	close(fd);
}

static void control_when_descriptor_sent_then_it_arrives(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench);
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = space,
			     .msg_controllen = sizeof(space)};
	struct stat st;
	int got;

	say(fd, "{\"method\":\"io.traversald.Fds\"}");
	assert_int_equal(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), 1);
	assert_int_equal(byte, '{');
	assert_non_null(CMSG_FIRSTHDR(&msg));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(got));
	assert_int_equal(fstat(got, &st), 0);
	close(got);
	close(fd);
}

static void control_when_stream_is_not_read_then_it_is_told(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench);
	json_int_t said = 0, heard = -1;
	json_t *reply;

	say(fd, "{\"method\":\"io.traversald.Pour\",\"more\":true}");
	for (;;) {
		reply = json_loads(hear(bench, fd), 0, NULL);
		said = json_integer_value(json_object_get(
		    json_object_get(reply, "parameters"), "count"));
		if (!json_object_get(reply, "continues"))
			break;
		assert_true(said == heard + 1);
		heard = said;
		json_decref(reply);
	}
	json_decref(reply);
	/* It stopped long before 100,000, and what it queued all came. */
	assert_true(said < 100000);
	assert_true(said == heard + 1);
	close(fd);
}

/* --- rights and names -------------------------------------------------------
 */

static void control_when_admin_method_on_reading_then_not_permitted(
    void **state)
{
	static const char change[] = "{\"method\":\"io.traversald.Change\"}";
	struct bench *bench = *state;
	int fd = connect_reading(bench);

	say(fd, change);
	assert_string_equal(hear(bench, fd), "{\"parameters\":{},\"error\":"
					     "\"io.traversald.NotPermitted\"}");
	close(fd);
	fd = connect_to(bench, "traversald-admin.sock");
	say(fd, change);
	assert_string_equal(hear(bench, fd), "{\"parameters\":{}}");
	close(fd);
}

static void control_when_sockets_made_then_modes(void **state)
{
	struct bench *bench = *state;
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/traversald.sock", bench->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	snprintf(path, sizeof(path), "%s/traversald-admin.sock", bench->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void control_when_unknown_names_then_varlink_errors(void **state)
{
	static const struct {
		const char *method, *error;
	} rows[] = {
	    {"io.traversald.Nope", "org.varlink.service.MethodNotFound"},
	    {"io.traversald.echo", "org.varlink.service.MethodNotFound"},
	    {"io.traversal.Echo", "org.varlink.service.InterfaceNotFound"},
	    {"org.varlink.service.Nope", "org.varlink.service.MethodNotFound"},
	    {"io.traversald.Fail", "io.traversald.NoSuchMapping"},
	};
	struct bench *bench = *state;
	int fd = connect_reading(bench);
	char text[256];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text), "{\"method\":\"%s\"}",
			 rows[i].method);
		say(fd, text);
		snprintf(text, sizeof(text), "\"error\":\"%s\"", rows[i].error);
		assert_says(bench, fd, text);
	}
	say(fd, "{\"method\":\"io.traversald.Fail\","
		"\"parameters\":{\"field\":1}}");
	assert_says(bench, fd, "{\"parameter\":\"field\"}");
	close(fd);
}

static void control_when_asked_about_itself_then_interfaces(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench);
	json_t *reply;

	say(fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
	assert_says(bench, fd,
		    "\"interfaces\":[\"org.varlink.service\","
		    "\"io.traversald\"]");
	say(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		"\"parameters\":{\"interface\":\"io.traversald\"}}");
	reply = json_loads(hear(bench, fd), 0, NULL);
	assert_string_equal(
	    json_string_value(json_object_get(
		json_object_get(reply, "parameters"), "description")),
	    idl_text);
	json_decref(reply);
	say(fd, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		"\"parameters\":{\"interface\":\"a.b\"}}");
	assert_says(bench, fd, "InterfaceNotFound");
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(control_when_called_then_parameters_come_back),
	    TEST(control_when_one_byte_at_a_time_then_same_answer),
	    TEST(control_when_pipelined_then_answers_in_order),
	    TEST(control_when_call_under_way_then_next_waits),
	    TEST(control_when_client_goes_then_gone_is_called),
	    TEST(control_when_half_closed_then_still_answers),
	    TEST(control_when_oneway_then_no_reply),
	    TEST(control_when_descriptor_sent_then_it_arrives),
	    TEST(control_when_stream_is_not_read_then_it_is_told),
	    TEST(control_when_admin_method_on_reading_then_not_permitted),
	    TEST(control_when_sockets_made_then_modes),
	    TEST(control_when_unknown_names_then_varlink_errors),
	    TEST(control_when_asked_about_itself_then_interfaces),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}

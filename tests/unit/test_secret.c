/*
 * The host's secret: the same at every start, and never half a one.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "secret.h"

struct place {
	char dir[64];
	char *path;
};

static int setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));

	if (sodium_init() < 0)
		return -1;
	snprintf(place->dir, sizeof(place->dir), "/tmp/tv-secret-XXXXXX");
	if (!mkdtemp(place->dir))
		return -1;
	place->path = xasprintf("%s/secret", place->dir);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	char *aside = xasprintf("%s/secret.new", place->dir);

	unlink(place->path);
	rmdir(place->path);
	unlink(aside);
	rmdir(place->dir);
	free(aside);
	free(place->path);
	free(place);
	return 0;
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static long size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void secret_load_when_first_then_made_0600_and_kept(void **state)
{
	struct place *place = *state;
	uint8_t first[SECRET_BYTES], second[SECRET_BYTES];
	struct stat st;

	assert_int_equal(secret_load(place->dir, first), 0);
	assert_false(sodium_is_zero(first, sizeof(first)));
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(secret_load(place->dir, second), 0);
	assert_memory_equal(first, second, SECRET_BYTES);
}

static void secret_load_when_dir_is_missing_then_made(void **state)
{
	struct place *place = *state;
	uint8_t secret[SECRET_BYTES];

	rmdir(place->dir);
	assert_int_equal(secret_load(place->dir, secret), 0);
	assert_int_equal(size_of(place->path), SECRET_BYTES);
}

static void secret_load_when_truncated_or_long_then_made_anew(void **state)
{
	static const size_t sizes[] = {0, 1, SECRET_BYTES - 1,
				       SECRET_BYTES + 1};
	struct place *place = *state;
	uint8_t bytes[SECRET_BYTES + 1] = {0}, secret[SECRET_BYTES];

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		write_file(place->path, bytes, sizes[i]);
		assert_int_equal(secret_load(place->dir, secret), 0);
		assert_false(sodium_is_zero(secret, sizeof(secret)));
		assert_int_equal(size_of(place->path), SECRET_BYTES);
	}
}

static void secret_load_when_dir_cannot_be_then_random_and_error(void **state)
{
	struct place *place = *state;
	char *below = xasprintf("%s/file/data", place->dir);
	char *file = xasprintf("%s/file", place->dir);
	uint8_t first[SECRET_BYTES] = {0}, second[SECRET_BYTES] = {0};

	write_file(file, "x", 1);
	assert_int_equal(secret_load(below, first), -ENOTDIR);
	assert_int_equal(secret_load(below, second), -ENOTDIR);
	assert_memory_not_equal(first, second, SECRET_BYTES);
	unlink(file);
	free(below);
	free(file);
}

/* Something stands where the secret should be: it is not ours to remove. */
static void secret_load_when_unreadable_then_it_is_left_alone(void **state)
{
	struct place *place = *state;
	uint8_t secret[SECRET_BYTES] = {0};
	char *target = xasprintf("%s/target", place->dir);

	write_file(target, "precious", 8);
	assert_int_equal(symlink(target, place->path), 0);
	assert_int_equal(secret_load(place->dir, secret), -ELOOP);
	assert_false(sodium_is_zero(secret, sizeof(secret)));
	assert_int_equal(size_of(target), 8);
	assert_int_equal(size_of(place->path), strlen(target));
	unlink(target);
	free(target);
}

/* Left by a start that was cut off, or planted. */
static void secret_load_when_aside_is_a_link_then_not_followed(void **state)
{
	struct place *place = *state;
	uint8_t secret[SECRET_BYTES];
	char *target = xasprintf("%s/target", place->dir);
	char *aside = xasprintf("%s/secret.new", place->dir);

	write_file(target, "precious", 8);
	assert_int_equal(symlink(target, aside), 0);
	assert_int_equal(secret_load(place->dir, secret), 0);
	assert_int_equal(size_of(target), 8);
	assert_int_equal(size_of(place->path), SECRET_BYTES);
	unlink(target);
	free(target);
	free(aside);
}

#define CASE(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(secret_load_when_first_then_made_0600_and_kept),
	    CASE(secret_load_when_dir_is_missing_then_made),
	    CASE(secret_load_when_truncated_or_long_then_made_anew),
	    CASE(secret_load_when_dir_cannot_be_then_random_and_error),
	    CASE(secret_load_when_unreadable_then_it_is_left_alone),
	    CASE(secret_load_when_aside_is_a_link_then_not_followed),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}

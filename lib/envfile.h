/*
 * envfile: reads NAME=value files in the grammar of systemd's EnvironmentFile=,
 * byte for byte, and optionally repairs what people write for a shell.
 *
 * Gives variables with the line of every byte of their values. Does not split
 * values into words (words.h) and expands nothing.
 */
#ifndef LIB_ENVFILE_H
#define LIB_ENVFILE_H

#include <stddef.h>

/* Larger files are refused: nobody writes them by hand. */
#define ENVFILE_MAX_BYTES 65536

enum envfile_mode {
	/* As systemd 252: names are taken as they stand, and one byte that is
	 * no UTF-8 or is NUL fails the whole file. */
	ENVFILE_EXACT,
	/* The same, with the repairs of enum envfile_note. */
	ENVFILE_TOLERANT,
};

/* What a tolerant reading repaired or saw. */
enum envfile_note {
	ENVFILE_EXPORT,       /* "export NAME=": systemd ignores it; taken */
	ENVFILE_APPEND,       /* "NAME+=": systemd ignores it; appended */
	ENVFILE_COMMENT_CUT,  /* "value" # comment: systemd keeps the comment */
	ENVFILE_BOM,          /* systemd makes it part of the first name */
	ENVFILE_BAD_UTF8,     /* systemd ignores the file; we the assignment */
	ENVFILE_CONTROL,      /* a control character: systemd drops the value */
	ENVFILE_NUL,          /* the first NUL; assignments with one dropped */
	ENVFILE_BAD_NAME,     /* no variable's name; dropped */
	ENVFILE_NO_EQUALS,    /* a line that assigns nothing; dropped */
	ENVFILE_JOINED,       /* quoted pieces lose the blanks between them */
	ENVFILE_UNTERMINATED, /* the file ends inside the quote of this line */
	ENVFILE_SWALLOWED,    /* the quote of this line contains assignments */
	ENVFILE_COMMENT_CONTINUED, /* a comment's last \ hides an assignment */
};

struct env_assignment {
	char *name;
	char *value;
	unsigned int *value_lines; /* 1-based line of each byte of value */
	unsigned int line;         /* 1-based, where the name stands */
};

/* The assignments in the order of the file; {0} is an empty one. */
struct envfile {
	struct env_assignment *items; /* owned */
	size_t count;
	size_t cap;
};

/* Told of each note, with its line and the variable (or "" where none). */
typedef void (*envfile_note_fn)(void *arg, enum envfile_note note,
				unsigned int line, const char *name);

/*
 * Reads LEN bytes of TEXT into *RET_FILE, which the caller owns. NOTE may be
 * NULL. Returns 0, -EFBIG above ENVFILE_MAX_BYTES, and with ENVFILE_EXACT also
 * -EINVAL for bytes that are no UTF-8 and -EBADMSG for a NUL.
 */
int envfile_parse(const char *text, size_t len, enum envfile_mode mode,
		  envfile_note_fn note, void *arg, struct envfile *ret_file);

/* Returns the assignment of NAME that counts, the last one, or NULL. */
const struct env_assignment *envfile_find(const struct envfile *file,
					  const char *name);

/* Frees what FILE holds. */
void envfile_fini(struct envfile *file);

#endif

/*
 * A file is replaced by renaming a finished copy over it, so that a reader or a crash sees the old contents or
 * the new.  Failures name the path: these files are given by flags.
 */
#include "files.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *file_read(const char *path, struct status *st)
{
	struct buf b = BUF_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0) {
		if (errno != ENOENT)
			status_plain_error(st, "cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	while ((n = read(fd, buf_reserve(&b, 4096), 4096)) > 0)
		b.len += (size_t)n;
	close(fd);
	if (n < 0) {
		status_plain_error(st, "cannot read %s: %s", path, strerror(errno));
		buf_free(&b);
		return NULL;
	}
	buf_reserve(&b, 1);
	b.p[b.len] = '\0';
	return buf_detach(&b);
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

/* A name is durable once its directory is: keys must not vanish while what they signed stays. */
static bool sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int fd;
	bool ok;

	snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES; /* one may be allowed to write there and not to read */
	/* some network and memory file systems cannot */
	ok = !fsync(fd) || errno == EINVAL;
	close(fd);
	return ok;
}

bool file_write(const char *path, const char *text, unsigned mode, struct status *st)
{
	char tmp[4096];
	int fd;
	bool ok;

	if (snprintf(tmp, sizeof tmp, "%s.tmp%d", path, (int)getpid()) >= (int)sizeof tmp)
		return status_plain_error(st, "the path %s is too long", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return status_plain_error(st, "cannot write %s: %s", tmp, strerror(errno));
	ok = write_all(fd, text, strlen(text)) && !fchmod(fd, mode) && !fsync(fd);
	ok = !close(fd) && ok;
	if (!ok || rename(tmp, path) || !sync_directory_of(path)) {
		status_plain_error(st, "cannot write %s: %s", path, strerror(errno));
		unlink(tmp);
		return false;
	}
	return true;
}

bool dir_make(const char *path, struct status *st)
{
	char part[4096];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return status_plain_error(st, "the path %s is too long", path);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return status_plain_error(st,
						  "cannot make the directory %s: %s; choose "
						  "another with --data-dir",
						  part, strerror(errno));
	}
	return true;
}

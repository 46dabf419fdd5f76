/*
 * files: whole small files: keys, certificates, kubeconfigs.
 */
#ifndef NUTSHELL_CMD_FILES_H
#define NUTSHELL_CMD_FILES_H

#include "base/status.h"

#include <stdbool.h>

/* The contents as a heap string, NULL when the file does not exist (st untouched) or cannot be read
 * (500). */
char *file_read(const char *path, struct status *st);
/* Replace atomically and durably (temporary file, fsync, rename, fsync of the directory) with this mode;
 * 500. */
bool file_write(const char *path, const char *text, unsigned mode, struct status *st);
/* Make a directory and its parents, mode 0700. */
bool dir_make(const char *path, struct status *st);

#endif

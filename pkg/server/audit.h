/*
 * audit: who did what, one JSON line per stage of a request.  Private to the package.
 *
 * A policy gives each request a level; below that the trail costs nothing but the look at the policy, and
 * without a log not even that.  Lines go into a bounded buffer that one thread empties into the file.
 * k8s: apiserver/pkg/audit, apiserver/pkg/apis/audit/v1
 */
#ifndef NUTSHELL_SERVER_AUDIT_H
#define NUTSHELL_SERVER_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct attributes;
struct json;
struct req;
struct status;
struct user;

/* ---- policy ---- */

enum audit_level { AUDIT_NONE, AUDIT_METADATA, AUDIT_REQUEST, AUDIT_REQUEST_RESPONSE };
enum audit_stage { AUDIT_RECEIVED, AUDIT_STARTED, AUDIT_COMPLETE };

extern const char *const audit_level_names[];
extern const char *const audit_stage_names[];

struct audit_rule {
	enum audit_level level;
	unsigned omit_stages; /* bits 1 << stage */
	bool omit_managed_fields;
};

/* The tree of an audit.k8s.io/v1 Policy (YAML or JSON text), in the arena.  NULL: 400 with what is wrong. */
struct json *audit_policy_parse(struct arena *a, const char *text, struct status *st);
/* What it says of a request; u NULL: nobody is known.  policy NULL: metadata of everything. */
struct audit_rule audit_policy_rule(const struct json *policy, const struct user *u,
				    const struct attributes *attr);

/* ---- the log ---- */

struct audit_log;

/* Open (append, mode 0600) a file, or "-": standard output; starts the thread.  NULL: 400. */
struct audit_log *audit_log_open(const char *path, struct status *st);
/* Write what is left, and end. */
void audit_log_close(struct audit_log **l);
/* Append a line (without newline).  Waits at most 50 ms for room, then the line is dropped and counted. */
void audit_log_add(struct audit_log *l, const char *line, size_t n);
/* Open the path anew before the next line: it was moved away.  From any thread. */
void audit_log_reopen(struct audit_log *l);
int64_t audit_log_lost(struct audit_log *l);

/* ---- requests ---- */

/* The Audit-ID: the client's, or a fresh one. */
const char *audit_id(struct req *r);
/* After authentication: choose the level, log RequestReceived. */
void audit_begin(struct req *r);
/* After decoding: keep the body. */
void audit_body(struct req *r);
/* Before encoding: keep the answer's object. */
void audit_answer(struct req *r);
/* When answering: ResponseComplete, or ResponseStarted of what goes on. */
void audit_end(struct req *r);

/* What remains of a request whose answer goes on after it: heap; NULL when it is not logged. */
struct audit_rest;
struct audit_rest *audit_rest_new(struct req *r);
/* ResponseComplete with the code that was answered in the end; frees.  NULL is legal. */
void audit_rest_end(struct audit_rest *rest, int code);

#endif

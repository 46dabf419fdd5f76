/*
 * hooks: the behaviour of kinds that rows refer to (private to the package).  See struct kind for
 * what each hook is asked to do; the facts behind them are upstream's defaults.go, strategy.go and
 * validation.go of the API group.
 */
#ifndef NUTSHELL_KIND_HOOKS_H
#define NUTSHELL_KIND_HOOKS_H

#include "kind/kind.h"

#define HOOK(name) void name(struct hook *h, struct json *o)
#define HOOK_OLD(name) void name(struct hook *h, struct json *o, const struct json *old)
#define HOOK_CHECK(name) void name(struct hook *h, const struct json *o)
#define HOOK_CHECK_OLD(name)                                                                       \
	void name(struct hook *h, const struct json *o, const struct json *old)

#endif

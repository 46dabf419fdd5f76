/*
 * quantity: resource quantities (k8s: apimachinery/pkg/api/resource): exact decimal arithmetic on
 * values such as 100m, 1.5Gi, 1e3, and their canonical form.
 */
#ifndef NUTSHELL_OBJ_QUANTITY_H
#define NUTSHELL_OBJ_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

enum quantity_format { QUANTITY_DECIMAL_SI, QUANTITY_BINARY_SI, QUANTITY_DECIMAL_EXPONENT };

struct quantity {
	__int128 nano; /* value in 10^-9 units, saturated as upstream does */
	enum quantity_format format;
};

bool quantity_parse(const char *s, struct quantity *q);
/* Canonical form: 1000m -> 1, 0.5 -> 500m, 1024Mi -> 1Gi. */
char *quantity_text(struct arena *a, const struct quantity *q);
/* Canonical text of s, or NULL if s is no quantity. */
char *quantity_canonical(struct arena *a, const char *s);
void quantity_add(struct quantity *x, const struct quantity *y);
void quantity_sub(struct quantity *x, const struct quantity *y);
int quantity_cmp(const struct quantity *x, const struct quantity *y);
/* To a multiple of 10^-3, away from zero; false when it is one. */
bool quantity_round_milli(struct quantity *q);
int64_t quantity_milli(const struct quantity *q); /* rounded up */
int64_t quantity_value(const struct quantity *q); /* rounded up */

#endif

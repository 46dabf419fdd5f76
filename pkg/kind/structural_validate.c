#include "kind/structural.h"
#include "kind/kind.h"
void structural_validate(struct hook *h, const struct structural *s, const struct json *v,
			 const struct json *old, bool update, const char *path)
{
	(void)h;
	(void)s;
	(void)v;
	(void)old;
	(void)update;
	(void)path;
}
void structural_validate_lists(struct hook *h, const struct structural *s, const struct json *v,
			       const char *path)
{
	(void)h;
	(void)s;
	(void)v;
	(void)path;
}

/*
 * zone_rules: how the zones of the IANA database keep their clocks from now on, for machines without its
 * files.  Private to zone.c.
 */
#ifndef NUTSHELL_BASE_ZONE_RULES_H
#define NUTSHELL_BASE_ZONE_RULES_H

/* The POSIX rule of a zone, "EST5EDT,M3.2.0,M11.1.0", or NULL. */
const char *zone_rule(const char *name);

#endif

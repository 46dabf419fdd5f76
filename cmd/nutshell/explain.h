/*
 * explain: the descriptions in OpenAPI documents, from the blob in the binary.
 */
#ifndef NUTSHELL_CMD_EXPLAIN_H
#define NUTSHELL_CMD_EXPLAIN_H

/* Let openapi find descriptions; they are unpacked (a megabyte) when the first document is written. */
void explain_start(void);
/* Release them; no document may be written any more. */
void explain_stop(void);

#endif

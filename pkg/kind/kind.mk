# The facts of the API types as C, from committed rows; and their explain texts, which are not
# committed: scripts/api_docs takes them from Debian's Go packages when it can.

GEN_SRC += $(O)/gen/facts.c $(O)/gen/docs.c

$(O)/gen/facts.c: scripts/gen_schema.py $(wildcard pkg/kind/facts/*.tsv)
	@mkdir -p $(@D)
	$(call say,GEN,$@)python3 scripts/gen_schema.py c pkg/kind/facts > $@

$(O)/gen/docs.c: $(O)/gen/docs.gz
	$(call say,GEN,$@)printf '%s\n' '#include "kind/docs.h"' \
		'__asm__(".section .rodata\n.globl docs_gz\ndocs_gz: .incbin \"$(abspath $<)\"\n"' \
		'	".globl docs_gz_end\ndocs_gz_end:\n.previous");' > $@

$(O)/gen/docs.gz: scripts/api_docs scripts/gen_schema.py
	@mkdir -p $(@D)
	$(call say,GEN,$@)scripts/api_docs $@

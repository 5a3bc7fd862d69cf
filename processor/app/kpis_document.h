/* kpis_document.h - config/KPIS.md: what each KPI says, and what is allowed by default. */
#pragma once

#include "base/buffer.h"
#include "kpi/catalogue.h"

void kpis_document(struct buffer *ret_text);

/* "< 93%", ">= 5", "> 36h": a limit in the KPI's unit, with its sign. */
void kpis_document_limit(struct buffer *text, enum kpi kpi, enum comparison op, int64_t limit);

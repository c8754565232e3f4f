/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Samples in Prometheus' text format 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef EXPORT_PROM_H
#define EXPORT_PROM_H

#include <stdint.h>

#include "base/buf.h"

/* A list of labels ends with a @name of NULL. */
struct prom_label {
	const char *name;
	const char *value; /* any text; escaped when it is written */
};

void prom_family(struct buf *out, const char *name, const char *type, const char *help);
void prom_int(struct buf *out, const char *name, const struct prom_label *labels, uint64_t value);
void prom_float(struct buf *out, const char *name, const struct prom_label *labels, double value);

/* The labels of one sample, written in place. */
#define PROM_LABELS(...) ((const struct prom_label[]){ __VA_ARGS__, { NULL, NULL } })

#endif /* EXPORT_PROM_H */

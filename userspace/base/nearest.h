/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "did you mean": the known name that is nearest to what somebody typed.
 *	struct nearest n = { .typed = word };
 *	nearest_offer(&n, "weight");		// once for each known name
 *	if (n.best) ...
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* Longer words are not compared: nobody mistypes them by accident. */
#define NEAREST_MAX 64

/**
 * struct nearest - a search; set @typed, leave the rest 0
 * @best: the nearest name offered so far, the first of equals; NULL while none was
 *	near enough: a third of the letters may be wrong, swapped neighbours count once
 * @distance: of @best
 */
struct nearest {
	const char *typed;
	const char *best;
	unsigned int distance;
};

/* @name is kept as a pointer. */
void nearest_offer(struct nearest *n, const char *name);

#endif /* BASE_NEAREST_H */

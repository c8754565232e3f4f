/* SPDX-License-Identifier: BSD-2-Clause */
/* Open addressing, at most half full: whoever's place is taken gets the next free one. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/dict.h"

/* @name: NULL: free */
struct dict_place {
	const char *name;
	void *thing;
	uint64_t hash;
};

#define HASH_START 0xcbf29ce484222325ULL

/* FNV-1a, 64 bits; goes on from the hash of what stands before. */
static uint64_t add_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash;
}

/* The low bits of FNV know little of the high ones. */
static size_t place_of(const struct dict *d, uint64_t hash)
{
	return (hash ^ hash >> 32) & d->mask;
}

int dict_reserve(struct dict *d, size_t n)
{
	size_t size = 2;

	while (size < 2 * n)
		size *= 2;
	d->places = calloc(size, sizeof(*d->places));
	if (!d->places)
		return -ENOMEM;
	d->mask = size - 1;
	return 0;
}

void dict_add(struct dict *d, const char *name, void *thing)
{
	const uint64_t hash = add_text(HASH_START, name);
	size_t i = place_of(d, hash);

	while (d->places[i].name)
		i = (i + 1) & d->mask;
	d->places[i] = (struct dict_place){ name, thing, hash };
}

bool dict_is_pair(const char *name, const char *first, const char *second)
{
	while (*first && *name == *first) {
		name++;
		first++;
	}
	return !*first && *name == '/' && !strcmp(name + 1, second);
}

/* The name is @first, or "@first/@second" if there is one. */
static bool is_called(const char *name, const char *first, const char *second)
{
	return second ? dict_is_pair(name, first, second) : !strcmp(name, first);
}

static void *find(const struct dict *d, uint64_t hash, const char *first, const char *second)
{
	size_t i = place_of(d, hash);

	for (; d->places && d->places[i].name; i = (i + 1) & d->mask)
		if (d->places[i].hash == hash && is_called(d->places[i].name, first, second))
			return d->places[i].thing;
	return NULL;
}

void *dict_find(const struct dict *d, const char *name)
{
	return find(d, add_text(HASH_START, name), name, NULL);
}

void *dict_find_pair(const struct dict *d, const char *first, const char *second)
{
	const uint64_t hash = add_text(add_text(HASH_START, first), "/");

	return find(d, add_text(hash, second), first, second);
}

void dict_free(struct dict *d)
{
	free(d->places);
	*d = (struct dict){ 0 };
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the data plane does by itself, once a second; and what it says of itself. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"

void dataplane_tick(struct dataplane *dp, const struct plan *plan, uint64_t now_ms)
{
	const int err = tables_tick(&dp->tables, now_ms);

	if (err)
		log_err(err, "move slots on");
	if (plan)
		flow_cache_tick(dp, plan, now_ms);
}

uint64_t dataplane_read_flows(const struct dataplane *dp, uint32_t backend_id)
{
	return backend_id < dp->n_backends ? dp->flows.last_live[backend_id] : 0;
}

const uint32_t *dataplane_read_table(struct dataplane *dp, uint32_t number)
{
	return tables_read(&dp->tables, number);
}

bool dataplane_find_place(const struct dataplane *dp, uint32_t number, struct snapshot_place *out)
{
	const struct place *p = tables_place(&dp->tables, number);

	if (p)
		*out = (struct snapshot_place){ p->first, p->slots, p->users };
	return p;
}

struct snapshot_tables dataplane_count_tables(const struct dataplane *dp)
{
	const struct tables_count c = tables_count(&dp->tables);
	const uint64_t line = sizeof(struct shunt_slot_line);

	return (struct snapshot_tables){
		.tables = c.tables,
		.places = c.places,
		.bytes = (c.lines - c.lines_free) * line,
		.bytes_total = c.lines * line,
	};
}

/* What the kernel says a map takes: exact since Linux 6.4, an estimate before. */
static uint64_t read_memlock(int fd)
{
	char path[64], line[128];
	unsigned long long bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	_cleanup_fclose_ FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	return bytes;
}

int dataplane_list_maps(const struct dataplane *dp, struct snapshot_map **out, size_t *n)
{
	struct snapshot_map *list = calloc(LOAD_MAPS, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (int m = 0; m < LOAD_MAPS; m++) {
		const struct bpf_map *map = load_map(dp->load, m);

		snprintf(list[m].name, sizeof(list[m].name), "%s", load_map_names[m]);
		list[m].type = libbpf_bpf_map_type_str(bpf_map__type(map));
		list[m].max_entries = bpf_map__max_entries(map);
		list[m].bytes = read_memlock(dp->fds[m]);
	}
	*out = list;
	*n = LOAD_MAPS;
	return 0;
}

void dataplane_format_pin_dir(const struct dataplane *dp, char *out, size_t size)
{
	snprintf(out, size, "%s/v%d", dp->pin_dir, SHUNT_ABI_VERSION);
}

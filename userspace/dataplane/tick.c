/* SPDX-License-Identifier: BSD-2-Clause */
/* What the data plane does by itself, once a second; and what it says of itself. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "dataplane/internal.h"

bool dataplane_tick(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		    uint64_t now_ms)
{
	const int err = tables_tick(&dp->tables, now_ms);

	if (err)
		log_err(err, "move slots on");
	if (plan) {
		syn_meter_tick(dp, plan, now_ms);
		flow_cache_tick(dp, plan, conf, now_ms);
	}
	limits_tick(dp, now_ms);
	return dataplane_work(dp, plan, conf, now_ms);
}

bool dataplane_work(struct dataplane *dp, const struct plan *plan, const struct conf *conf,
		    uint64_t now_ms)
{
	return plan && conn_cache_work(dp, plan, conf, now_ms);
}

uint64_t dataplane_read_flows(const struct dataplane *dp, uint32_t backend_id)
{
	if (backend_id >= dp->n_backends)
		return 0;
	return dp->flows.last_live[backend_id] + conn_cache_count(dp, backend_id);
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

struct snapshot_conntrack dataplane_count_conns(const struct dataplane *dp)
{
	static const enum load_map maps[] = { LOAD_CONNS, LOAD_CONN_INDEX, LOAD_CONN_BITS,
					      LOAD_PORT_BITS, LOAD_CONN_SEQS };
	struct snapshot_conntrack c = conn_cache_read(dp);

	array_for_each (m, maps, array_len(maps))
		c.bytes += read_memlock(dp->fds[*m]);
	return c;
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
	list[LOAD_GUARD_LISTS].bytes += dp->guard_bytes;
	*out = list;
	*n = LOAD_MAPS;
	return 0;
}

void dataplane_format_pin_dir(const struct dataplane *dp, char *out, size_t size)
{
	snprintf(out, size, "%s/v%d", dp->pin_dir, SHUNT_ABI_VERSION);
}

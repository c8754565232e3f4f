/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libbpf puts the functions that a program calls behind it, in an order of its own.
 * Where one begins is told by the calls, and what it is by its instructions, which are
 * those of one function of the object. The kernel's list would lack those that a
 * specialisation never calls.
 */
#include <err.h>
#include <fcntl.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "origin.h"

#define FUNCTIONS ".text"

/* @ext, @text: the sections */
struct origin {
	struct btf *btf;
	__u8 *ext;
	struct bpf_insn *text; /* NULL if there are no functions */
	size_t n_text;
};

/* What .BTF.ext begins with; offsets count from its end. */
struct ext_header {
	__u16 magic;
	__u8 version;
	__u8 flags;
	__u32 header_bytes;
	__u32 func_offset;
	__u32 func_bytes;
	__u32 line_offset;
	__u32 line_bytes;
};

/* Records of one section of the object follow this. */
struct ext_section {
	__u32 name;
	__u32 records;
};

/* A place in the object: a section by its name, and bytes. */
struct place {
	__u32 section;
	__u32 offset;
};

/* Records of functions, or lines: a size, then sections. */
struct records {
	const __u8 *at;
	const __u8 *end;
	__u32 record_bytes;
};

/* A copy of the section's bytes, or NULL. */
static void *copy_section(Elf *elf, const char *name, size_t *bytes)
{
	Elf_Scn *section = NULL;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const Elf64_Shdr *head = elf64_getshdr(section);
		const char *called = head ? elf_strptr(elf, strings, head->sh_name) : NULL;
		const Elf_Data *data = elf_rawdata(section, NULL);
		void *copy;

		if (!called || strcmp(called, name) || !data || !data->d_size)
			continue;
		copy = malloc(data->d_size);
		*bytes = data->d_size;
		return copy ? memcpy(copy, data->d_buf, data->d_size) : NULL;
	}
	return NULL;
}

/* libbpf 1.1 parses .BTF.ext, too, and keeps what it finds to itself. */
static void read_sections(struct origin *o, const char *object)
{
	_cleanup_close_ int fd = open(object, O_RDONLY | O_CLOEXEC);
	size_t bytes = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	o->ext = elf ? copy_section(elf, ".BTF.ext", &bytes) : NULL;
	o->text = elf ? copy_section(elf, FUNCTIONS, &bytes) : NULL;
	o->n_text = o->text ? bytes / sizeof(o->text[0]) : 0;
	elf_end(elf);
}

struct origin *origin_open(const char *object)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (!o)
		err(EXIT_FAILURE, "origin");
	o->btf = btf__parse(object, NULL);
	read_sections(o, object);
	if (!o->btf || !o->ext)
		errx(EXIT_FAILURE, "%s: no line information", object);
	return o;
}

void origin_close(struct origin *o)
{
	btf__free(o->btf);
	free(o->ext);
	free(o->text);
	free(o);
}

static struct records find_records(const struct origin *o, bool lines)
{
	const struct ext_header *head = (const void *)o->ext;
	const __u8 *at = o->ext + head->header_bytes;

	at += lines ? head->line_offset : head->func_offset;
	return (struct records){
		.at = at + sizeof(__u32),
		.end = at + (lines ? head->line_bytes : head->func_bytes),
		.record_bytes = *(const __u32 *)at,
	};
}

static bool next_section(struct records *r, struct ext_section *out, const __u8 **first)
{
	if (r->at >= r->end)
		return false;
	memcpy(out, r->at, sizeof(*out));
	*first = r->at + sizeof(*out);
	r->at = *first + (size_t)out->records * r->record_bytes;
	return true;
}

static const char *name_of_type(const struct origin *o, __u32 id)
{
	return btf__name_by_offset(o->btf, btf__type_by_id(o->btf, id)->name_off);
}

/* But for what libbpf fills in: addresses of maps, distances of calls. */
static bool are_same(const struct bpf_insn *a, const struct bpf_insn *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].code != b[i].code || a[i].dst_reg != b[i].dst_reg || a[i].off != b[i].off)
			return false;
	return true;
}

static bool is_there(const struct origin *o, const struct bpf_insn *insns, size_t n, __u32 offset)
{
	const size_t first = offset / sizeof(*insns);

	return first + n <= o->n_text && are_same(insns, o->text + first, n);
}

/* Where the object has the function of these instructions. */
static struct place find_function(const struct origin *o, const struct bpf_insn *insns, size_t n)
{
	struct records r = find_records(o, false);
	struct ext_section section;
	const __u8 *first;

	while (next_section(&r, &section, &first)) {
		if (strcmp(btf__name_by_offset(o->btf, section.name), FUNCTIONS))
			continue;
		for (__u32 i = 0; i < section.records; i++) {
			const struct bpf_func_info *f = (const void *)(first + i * r.record_bytes);

			if (is_there(o, insns, n, f->insn_off))
				return (struct place){ section.name, f->insn_off };
		}
	}
	errx(EXIT_FAILURE, "a function that is not in the object");
}

/* Where the object has the program itself. */
static struct place find_program(const struct origin *o, const struct bpf_program *prog)
{
	struct records r = find_records(o, false);
	struct ext_section section;
	const __u8 *first;

	while (next_section(&r, &section, &first)) {
		for (__u32 i = 0; i < section.records; i++) {
			const struct bpf_func_info *f = (const void *)(first + i * r.record_bytes);

			if (!strcmp(name_of_type(o, f->type_id), bpf_program__name(prog)))
				return (struct place){ section.name, f->insn_off };
		}
	}
	errx(EXIT_FAILURE, "no program %s in the line information", bpf_program__name(prog));
}

/* Of the line that @p is in, or behind which it stands without one of its own. */
static const char *find_file(const struct origin *o, const struct place *p)
{
	struct records r = find_records(o, true);
	struct ext_section section;
	const char *file = "?";
	const __u8 *first;

	while (next_section(&r, &section, &first)) {
		if (section.name != p->section)
			continue;
		for (__u32 i = 0; i < section.records; i++) {
			const struct bpf_line_info *l = (const void *)(first + i * r.record_bytes);

			if (l->insn_off > p->offset)
				break;
			file = btf__name_by_offset(o->btf, l->file_name_off);
		}
	}
	return strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
}

/* Instructions that something calls, and the first one. */
static bool *mark_starts(const struct bpf_insn *insns, size_t n)
{
	bool *starts = calloc(n, sizeof(*starts));

	if (!starts)
		err(EXIT_FAILURE, "functions");
	starts[0] = true;
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg == BPF_PSEUDO_CALL)
			starts[i + 1 + insns[i].imm] = true;
	return starts;
}

static size_t function_length(const bool *starts, size_t from, size_t n)
{
	size_t end = from + 1;

	while (end < n && !starts[end])
		end++;
	return end - from;
}

const char **origin_files(const struct origin *o, const struct bpf_program *prog)
{
	const struct bpf_insn *insns = bpf_program__insns(prog);
	const size_t n = bpf_program__insn_cnt(prog);
	_cleanup_free_ bool *starts = mark_starts(insns, n);
	const char **files = calloc(n, sizeof(*files));
	struct place here = find_program(o, prog);

	if (!files)
		err(EXIT_FAILURE, "files");
	for (size_t i = 0; i < n; i++, here.offset += sizeof(*insns)) {
		if (i && starts[i])
			here = find_function(o, insns + i, function_length(starts, i, n));
		files[i] = find_file(o, &here);
	}
	return files;
}

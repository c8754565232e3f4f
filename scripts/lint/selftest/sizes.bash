# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# function_of LINES, with_parameters LIST, nested DEPTH: C to try.

function_of()
{
	printf 'int f(void)\n{\n'
	repeat "$1" $'\tf();'
	printf '}\n'
}

with_parameters()
{
	printf 'static __attribute__((format(printf, 1, 2))) int\ng(%s)\n{\n\treturn 0;\n}\n' "$1"
}

nested()
{
	local depth indent=

	printf 'void f(int n)\n{\n'
	for ((depth = 0; depth < $1; depth++)); do
		indent+=$'\t'
		printf '%sif (n > %d)\n' "$indent" "$depth"
	done
	printf '\t%sn--;\n}\n' "$indent"
}

new_tree
function_of 60 | put bpf/f.h
accepts sizes
function_of 61 | put bpf/f.h
refuses sizes 'bpf/f.h:2: f has 61 lines'
new_tree
function_of 61 | put userspace/base/f.sh
refuses sizes 'userspace/base/f.sh:2'

new_tree
repeat 400 'int x;' | put tests/long.c
accepts sizes
repeat 401 'int x;' | put tests/long.c
refuses sizes 'tests/long.c:401: 401 lines'
put scripts/lint/sizes.except <<<'tests/long.c a table of everything'
accepts sizes
put scripts/lint/sizes.except <<<'tests/long.c because'
refuses sizes 'tests/long.c without a reason'
printf 'tests/long.c a table of everything\nbpf/gone.h it was long once\n' | put scripts/lint/sizes.except
refuses sizes 'bpf/gone.h needs no exception'

new_tree
with_parameters 'int a, int b, int (*c)(int, int), struct d *d, int e' | put include/shunt/g.h
accepts sizes
with_parameters 'int a, int b, int c, int d, int e, int f' | put include/shunt/g.h
refuses sizes 'g has 6 parameters'
put scripts/lint/sizes.except <<<'include/shunt/g.h:g always inlined on both sides'
accepts sizes
new_tree
printf 'Test(a, b, .c = 1, .d = 2, .e = 3, .f = 4)\n{\n}\n' | put tests/unit/base/test_g.c
accepts sizes

new_tree
nested 3 | put userspace/base/n.c
accepts sizes
nested 4 | put userspace/base/n.c
refuses sizes 'f nests 4 deep'
# What is said in a comment or a string is not code.
printf 'int f(void)\n{\n/*\n\t\t\t\tif (x)\n{\n}\n*/\n\tg("\\"/*");\n}\n' | put userspace/base/n.c
accepts sizes

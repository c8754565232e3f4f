/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The program of shunt.bpf.c, to the letter, which also gives packets away for people to
 * look at (capture.h). It is loaded over the same maps, in place of that one, for as long
 * as somebody does.
 */
#define SHUNT_CAPTURE
#include "shunt.bpf.c"

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef TESTS_LIB_SQUEEZE_H
#define TESTS_LIB_SQUEEZE_H

/* The only length of frame that squeeze moves. */
#define SQUEEZE_FRAME 128

#endif /* TESTS_LIB_SQUEEZE_H */

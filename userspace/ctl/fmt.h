/* SPDX-License-Identifier: BSD-2-Clause */
/* Where it was before other floors wanted it. */
#include "base/fmt.h"

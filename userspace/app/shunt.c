/* SPDX-License-Identifier: BSD-2-Clause */
/* shunt: the command line. All of it is in ctl/, where tests reach it. */
#include "ctl/ctl.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Visitors of a site: pages at a steady rate, until SIGTERM, and what went wrong.
 *
 *	visitors [-r PAGES_A_SECOND] [-k PAGES_PER_CONNECTION] [-n VISITORS]
 *		 [-t TIMEOUT_MS] [-c CA_FILE] [-p] URL
 *
 * Each visitor looks the name up anew for each connection, by turns for IPv4 and
 * IPv6, verifies the certificate, and asks for some pages; nothing is tried again.
 * A page has failed when anything but all of it, with status 200, comes within the
 * time limits. Pages are due at fixed times, and when all visitors wait the next
 * ones are late, not left out. -p: POST.
 *
 * The gap is the longest time in which no page came in at all. The pause is the
 * longest that a thread which asked for a millisecond's sleep was kept waiting:
 * on a busy machine a gap may be as long as that without anybody's fault.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "visitors.h"

#define MAX_TOLD 12
#define MAX_NAMES 16
#define MAX_PAGES (4 << 20)

struct tally {
	char name[HTTP_NAME];
	uint64_t n;
};

/* What all visitors write to; @lock covers what is not atomic. */
struct results {
	pthread_mutex_t lock;
	uint64_t start_us;
	uint64_t *ok_us; /* when each page was there, in no order */
	size_t n_ok, n_failed;
	uint64_t first_failed_us, last_failed_us, slowest_us, pause_us;
	struct tally servers[MAX_NAMES], databases[MAX_NAMES];
};

struct crowd {
	struct http_site site;
	unsigned int rate, per_conn, n;
	atomic_bool is_over;
	atomic_uint_fast64_t next; /* page */
	struct results results;
};

static void count_name(struct tally *tallies, const char *name)
{
	size_t i = 0;

	if (!*name)
		return;
	while (i < MAX_NAMES - 1 && *tallies[i].name && strcmp(tallies[i].name, name))
		i++;
	memcpy(tallies[i].name, name, HTTP_NAME);
	tallies[i].n++;
}

static void note_ok(struct results *r, uint64_t begin_us, const struct http_answer *answer)
{
	const uint64_t now = clock_now_us();

	pthread_mutex_lock(&r->lock);
	if (r->n_ok < MAX_PAGES)
		r->ok_us[r->n_ok++] = now;
	if (now - begin_us > r->slowest_us)
		r->slowest_us = now - begin_us;
	count_name(r->servers, answer->server);
	count_name(r->databases, answer->database);
	pthread_mutex_unlock(&r->lock);
}

static void note_failure(struct results *r, uint64_t begin_us, const char *why)
{
	const uint64_t now = clock_now_us();

	pthread_mutex_lock(&r->lock);
	if (!r->n_failed++)
		r->first_failed_us = now;
	r->last_failed_us = now;
	if (r->n_failed <= MAX_TOLD)
		printf("%.3f s: failed after %.3f s: %s\n", (double)(now - r->start_us) / 1e6,
		       (double)(now - begin_us) / 1e6, why);
	pthread_mutex_unlock(&r->lock);
}

static void sleep_us(uint64_t us)
{
	const struct timespec time = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };

	nanosleep(&time, NULL);
}

/* Wait for the time of the next page; its number, which is odd or even. */
static uint64_t take_turn(struct crowd *crowd)
{
	const uint64_t n = atomic_fetch_add(&crowd->next, 1);
	const uint64_t due_us = crowd->results.start_us + n * 1000000 / crowd->rate;
	const uint64_t now = clock_now_us();

	if (due_us > now)
		sleep_us(due_us - now);
	return n;
}

static bool load_page(struct crowd *crowd, struct http_conn *conn, uint64_t n)
{
	const uint64_t begin_us = clock_now_us();
	struct http_answer answer;
	char why[HTTP_WHY];

	if ((conn->fd < 0 && !http_open(&crowd->site, n & 1 ? AF_INET6 : AF_INET, conn, why)) ||
	    !http_ask(&crowd->site, conn, &answer, why)) {
		note_failure(&crowd->results, begin_us, why);
		return false;
	}
	note_ok(&crowd->results, begin_us, &answer);
	return true;
}

static void *visit(void *arg)
{
	struct crowd *crowd = arg;
	struct http_conn conn = { .fd = -1 };
	unsigned int pages = 0;
	uint64_t n;

	while (!atomic_load(&crowd->is_over)) {
		n = take_turn(crowd);
		if (!load_page(crowd, &conn, n) || ++pages >= crowd->per_conn) {
			http_close(&conn);
			pages = 0;
		}
	}
	http_close(&conn);
	return NULL;
}

/* How well the machine runs us. */
static void *watch_pauses(void *arg)
{
	struct crowd *crowd = arg;
	uint64_t before = clock_now_us(), now;

	while (!atomic_load(&crowd->is_over)) {
		sleep_us(1000);
		now = clock_now_us();
		if (now - before > crowd->results.pause_us)
			crowd->results.pause_us = now - before;
		before = now;
	}
	return NULL;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The longest time without a page from the start to @end_us, and when it began. */
static uint64_t find_gap(struct results *r, uint64_t end_us, uint64_t *begin_us)
{
	uint64_t before = r->start_us, longest = 0;

	qsort(r->ok_us, r->n_ok, sizeof(*r->ok_us), compare_times);
	for (size_t i = 0; i <= r->n_ok; i++) {
		const uint64_t next = i < r->n_ok ? r->ok_us[i] : end_us;

		if (next > before && next - before > longest) {
			longest = next - before;
			*begin_us = before;
		}
		before = next;
	}
	return longest;
}

static void print_tallies(const struct tally *tallies)
{
	printf(" ;");
	for (size_t i = 0; i < MAX_NAMES && *tallies[i].name; i++)
		printf(" %s %" PRIu64, tallies[i].name, tallies[i].n);
}

/* Pages that end after SIGTERM count, but not in the rate. */
static void report(struct crowd *crowd, uint64_t end_us)
{
	struct results *r = &crowd->results;
	uint64_t gap_begin_us = r->start_us;
	const uint64_t gap_us = find_gap(r, end_us, &gap_begin_us);

	printf("report: pages %zu failed %zu rate %.0f gap_ms %" PRIu64 " at_ms %" PRIu64
	       " failing_ms %" PRIu64 " slowest_ms %" PRIu64 " pause_ms %" PRIu64,
	       r->n_ok + r->n_failed, r->n_failed,
	       (double)(r->n_ok + r->n_failed) * 1e6 / (double)(end_us - r->start_us),
	       gap_us / 1000, (gap_begin_us - r->start_us) / 1000,
	       (r->last_failed_us - r->first_failed_us) / 1000, r->slowest_us / 1000,
	       r->pause_us / 1000);
	print_tallies(r->servers);
	print_tallies(r->databases);
	printf("\n");
}

static void run(struct crowd *crowd)
{
	pthread_t threads[crowd->n + 1];
	sigset_t ends;
	uint64_t end_us;
	int number;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	crowd->results.start_us = clock_now_us();
	for (unsigned int i = 0; i <= crowd->n; i++)
		if (pthread_create(&threads[i], NULL, i ? visit : watch_pauses, crowd)) {
			perror("pthread_create");
			exit(EXIT_FAILURE);
		}
	printf("under way\n");
	sigwait(&ends, &number);
	end_us = clock_now_us();
	atomic_store(&crowd->is_over, true);
	for (unsigned int i = 0; i <= crowd->n; i++)
		pthread_join(threads[i], NULL);
	report(crowd, end_us);
}

static bool parse_args(struct crowd *crowd, int argc, char **argv)
{
	const char *ca_file = NULL, *method = "GET";
	int option;

	while ((option = getopt(argc, argv, "r:k:n:t:c:p")) != -1) {
		switch (option) {
		case 'r':
			crowd->rate = (unsigned int)atoi(optarg);
			break;
		case 'k':
			crowd->per_conn = (unsigned int)atoi(optarg);
			break;
		case 'n':
			crowd->n = (unsigned int)atoi(optarg);
			break;
		case 't':
			crowd->site.timeout_ms = (unsigned int)atoi(optarg);
			break;
		case 'c':
			ca_file = optarg;
			break;
		case 'p':
			method = "POST";
			break;
		default:
			return false;
		}
	}
	return optind == argc - 1 && crowd->rate && crowd->n && crowd->n <= 2000 &&
	       http_site_parse(&crowd->site, argv[optind], method, ca_file);
}

int main(int argc, char **argv)
{
	static struct crowd crowd = { .rate = 100, .per_conn = 1, .n = 100 };

	crowd.site.timeout_ms = 3000;
	crowd.results.ok_us = calloc(MAX_PAGES, sizeof(*crowd.results.ok_us));
	pthread_mutex_init(&crowd.results.lock, NULL);
	if (!crowd.results.ok_us || !parse_args(&crowd, argc, argv)) {
		fprintf(stderr, "usage: visitors [-r RATE] [-k PAGES_PER_CONNECTION] [-n VISITORS] "
				"[-t MS] [-c CA_FILE] [-p] URL\n");
		return 2;
	}
	setlinebuf(stdout);
	signal(SIGPIPE, SIG_IGN);
	run(&crowd);
	free(crowd.results.ok_us);
	SSL_CTX_free(crowd.site.tls);
	return 0;
}

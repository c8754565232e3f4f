/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log in to MySQL or MariaDB, ask whether the server is read only, and take leave
 * as the protocol wants it: a server blocks hosts that connect and go without a
 * word.
 *
 * libmariadb speaks. Its calls run on stacks of their own, and are suspended where
 * they would block; a step goes on with the one that is under way. To give one up
 * it is told that its time is over: it then unwinds and frees what it holds.
 *
 * The server is not trusted: it cannot have files sent, other ways to log in
 * loaded, or the password in clear, and its words are cleaned before they are told.
 */
#include <errno.h>
#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/array.h"
#include "health/check.h"
#include "health/check_mysql.h"
#include "net/addr.h"

/*
 * Ways to log in that tell an eavesdropper no password. One that acts as the server can
 * still get it: without TLS caching_sha2_password takes the key to encrypt it with from
 * the server. So it must be good for nothing else.
 */
#define WAYS_TO_LOG_IN "mysql_native_password,caching_sha2_password,client_ed25519"

/* More than an honest server has to say: at a time, and in all. */
#define MAX_PACKET (256UL * 1024)
#define MAX_RECEIVED (1024UL * 1024)

/* MYSQL_CLIENT_AUTHENTICATION_PLUGIN of a header that includes some that are not installed. */
#define AUTHENTICATION_PLUGIN 2

/* A call that is told that its time is over may have more than one thing to end. */
#define MAX_UNWINDS 8

static const char question[] = "select @@global.read_only";

enum phase {
	LOG_IN,
	ASK,
	READ,
	LEAVE,
};

/**
 * struct session - a log-in under way
 * @waits: what the call of @phase is suspended for, as MYSQL_WAIT_*; 0: it has returned
 * @connection, @err, @rows: what the calls return
 * @received: bytes of the server; @says_too_much: more than MAX_RECEIVED
 * @verdict: once it is known; told when leave is taken
 */
struct session {
	MYSQL *mysql;
	enum phase phase;
	int waits;
	MYSQL *connection;
	int err;
	MYSQL_RES *rows;
	size_t received;
	bool says_too_much;
	struct check_result verdict;
	struct prober_mysql account;
	uint16_t port;
	char host[ADDR_TEXT];
};

/* --- how much the server says --------------------------------------------------- */

/* Under which libmariadb keeps our session with its own. */
#define SESSION "shunt session"

/* libmariadb.so has this for its users, but its headers do not. */
int ma_pvio_register_callback(my_bool is_new,
			      void (*callback)(int is_write, MYSQL *mysql,
					       const unsigned char *data, size_t len));

/*
 * Of each piece that is read, also within a call that need not wait and so does not come
 * back to us: from a socket that is connected to nobody it reads no more.
 */
static void note_received(int is_write, MYSQL *mysql, const unsigned char *data, size_t len)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct session *s = NULL;

	(void)data;
	if (is_write || (ssize_t)len <= 0 ||
	    mysql_get_optionv(mysql, MARIADB_OPT_USERDATA, (char *)SESSION, &s) || !s)
		return;
	s->received += len;
	if (s->received <= MAX_RECEIVED || s->says_too_much)
		return;
	s->says_too_much = true;
	(void)connect(mysql_get_socket(mysql), &nobody, sizeof(nobody));
}

/* --- what the server says ----------------------------------------------------- */

static enum health_code code_of(unsigned int error)
{
	switch (error) {
	case ER_ACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
	case ER_DBACCESS_DENIED_ERROR:
	case ER_HOST_NOT_PRIVILEGED:
	case ER_NOT_SUPPORTED_AUTH_MODE:
	case ER_PLUGIN_IS_NOT_LOADED:
	case ER_MUST_CHANGE_PASSWORD:
	case ER_MUST_CHANGE_PASSWORD_LOGIN:
	case ER_ACCOUNT_HAS_BEEN_LOCKED:
	case CR_AUTH_PLUGIN_CANNOT_LOAD:
	case CR_AUTH_PLUGIN_ERR:
	case CR_PLUGIN_NOT_ALLOWED:
		return HEALTH_L7AUTH_CODE;
	case CR_SOCKET_CREATE_ERROR:
	case CR_IPSOCK_ERROR:
	case CR_OUT_OF_MEMORY:
		return HEALTH_SOCKERR_CODE;
	case CR_CONNECTION_ERROR:
		return HEALTH_L4CON_CODE;
	default:
		/* Errors of the library itself, as against those that the server sent. */
		return IS_MYSQL_ERROR(error) || IS_MARIADB_ERROR(error) ? HEALTH_L7RSP_CODE
									: HEALTH_L7STS_CODE;
	}
}

/* To logs and terminals goes what is printable. */
static void clean(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static bool complain(const struct session *s, struct check_result *r)
{
	unsigned int error = mysql_errno(s->mysql);

	if (s->says_too_much)
		return check_end(r, HEALTH_L7RSP_CODE, "says more than %lu KiB",
				 MAX_RECEIVED / 1024);
	/* The library's words end in an error of the system that is none. */
	if (error == CR_SERVER_LOST || error == CR_SERVER_GONE_ERROR)
		return check_end(r, HEALTH_L7RSP_CODE, "%s",
				 s->phase == LOG_IN
					 ? "closed during the log-in, or does not speak MySQL"
					 : "closed instead of an answer");
	check_end(r, code_of(error), "%u: %s", error, mysql_error(s->mysql));
	clean(r->detail);
	return true;
}

/* A number, or a word where read_only has more than two values. */
static bool is_off(const char *read_only)
{
	return !strcmp(read_only, "0") || !strcasecmp(read_only, "OFF");
}

static void judge(struct session *s)
{
	static const char *const names[] = {
		[CONF_ROLE_PRIMARY] = "primary", [CONF_ROLE_REPLICA] = "replica"
	};
	MYSQL_ROW row = mysql_num_fields(s->rows) == 1 ? mysql_fetch_row(s->rows) : NULL;
	enum conf_role want = s->account.role, is;

	if (!row || !row[0]) {
		check_end(&s->verdict, HEALTH_L7RSP_CODE, "does not say whether it is read only");
		return;
	}
	is = is_off(row[0]) ? CONF_ROLE_PRIMARY : CONF_ROLE_REPLICA;
	if (want == CONF_ROLE_ANY || want == is)
		check_end(&s->verdict, HEALTH_OK_CODE, "%s", names[is]);
	else
		check_end(&s->verdict, HEALTH_L7ROLE_CODE, "%s, not %s", names[is], names[want]);
}

/* --- the calls ------------------------------------------------------------------ */

static void begin(struct session *s, enum phase phase)
{
	const struct prober_mysql *a = &s->account;

	s->phase = phase;
	switch (phase) {
	case LOG_IN:
		s->waits = mysql_real_connect_start(&s->connection, s->mysql, s->host, a->user,
						    a->password, NULL, s->port, NULL, 0);
		break;
	case ASK:
		s->waits = mysql_real_query_start(&s->err, s->mysql, question, strlen(question));
		break;
	case READ:
		s->waits = mysql_store_result_start(&s->rows, s->mysql);
		break;
	case LEAVE:
		s->waits = mysql_close_start(s->mysql);
		break;
	}
}

static void go_on(struct session *s, int what_happened)
{
	switch (s->phase) {
	case LOG_IN:
		s->waits = mysql_real_connect_cont(&s->connection, s->mysql, what_happened);
		break;
	case ASK:
		s->waits = mysql_real_query_cont(&s->err, s->mysql, what_happened);
		break;
	case READ:
		s->waits = mysql_store_result_cont(&s->rows, s->mysql, what_happened);
		break;
	case LEAVE:
		s->waits = mysql_close_cont(s->mysql, what_happened);
		break;
	}
}

/* The call has returned: what it has brought. Return: true if that is the end. */
static bool finish_phase(struct session *s, struct check_result *r)
{
	switch (s->phase) {
	case LOG_IN:
		if (!s->connection)
			return complain(s, r);
		begin(s, ASK);
		return false;
	case ASK:
		if (s->err)
			return complain(s, r);
		begin(s, READ);
		return false;
	case READ:
		if (!s->rows)
			return complain(s, r);
		judge(s);
		mysql_free_result(s->rows);
		s->rows = NULL;
		begin(s, LEAVE);
		return false;
	case LEAVE:
		s->mysql = NULL;
		*r = s->verdict;
		return true;
	}
	return true;
}

static bool advance(struct session *s, struct check_result *r)
{
	while (!s->waits) {
		if (finish_phase(s, r))
			return true;
	}
	return false;
}

/* --- the kind -------------------------------------------------------------------- */

static MYSQL *new_handle(struct session *s)
{
	MYSQL *m = mysql_init(NULL);
	const unsigned long max_packet = MAX_PACKET;
	const unsigned int no = 0;
	const my_bool yes = 1;

	if (m && !mysql_options(m, MYSQL_OPT_NONBLOCK, NULL) &&
	    !mysql_options(m, MYSQL_OPT_LOCAL_INFILE, &no) &&
	    !mysql_options(m, MYSQL_SECURE_AUTH, &yes) &&
	    !mysql_options(m, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet) &&
	    !mysql_options(m, MARIADB_OPT_RESTRICTED_AUTH, WAYS_TO_LOG_IN) &&
	    !mysql_options4(m, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "shunt") &&
	    !mysql_optionsv(m, MARIADB_OPT_USERDATA, (void *)SESSION, (void *)s))
		return m;
	if (m)
		mysql_close(m);
	return NULL;
}

static bool open_session(struct probe *p, struct check_result *r)
{
	struct session *s = calloc(1, sizeof(*s));

	p->own = s;
	if (s)
		s->mysql = new_handle(s);
	if (!s || !s->mysql)
		return check_fail(r, HEALTH_SOCKERR_CODE, -ENOMEM);
	s->account = p->request.mysql;
	s->port = p->request.port;
	addr_format(&p->request.addr, s->host);
	begin(s, LOG_IN);
	if (advance(s, r))
		return true;
	p->fd = mysql_get_socket(s->mysql);
	return false;
}

static bool step(struct probe *p, struct check_result *r)
{
	struct session *s = p->own;

	go_on(s, s->waits & ~MYSQL_WAIT_TIMEOUT);
	return advance(s, r);
}

/*
 * A server that hangs finds the connection gone when it comes to take it, and not one
 * that ends without a log-in: of those it counts few until it blocks this host.
 */
static void reset_at_close(int fd)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

static void close_session(struct probe *p)
{
	struct session *s = p->own;

	if (!s)
		return;
	if (s->waits && p->fd >= 0)
		reset_at_close(p->fd);
	for (int i = 0; s->waits && i < MAX_UNWINDS; i++)
		go_on(s, MYSQL_WAIT_TIMEOUT);
	if (s->rows)
		mysql_free_result(s->rows);
	if (s->mysql && !(s->phase == LEAVE && !s->waits))
		mysql_close(s->mysql);
	explicit_bzero(s->account.password, sizeof(s->account.password));
	free(s);
}

int check_mysql_prepare(void)
{
	static const char *const ways[] = { "caching_sha2_password", "client_ed25519" };
	MYSQL *m;

	if (mysql_server_init(0, NULL, NULL) || ma_pvio_register_callback(1, note_received))
		return -ENOMEM;
	m = mysql_init(NULL);
	if (!m)
		return -ENOMEM;
	/* Not all are installed everywhere; who needs one that is not cannot log in. */
	array_for_each (way, ways, array_len(ways))
		mysql_client_find_plugin(m, *way, AUTHENTICATION_PLUGIN);
	mysql_close(m);
	return 0;
}

const struct check_ops check_mysql = {
	.transport = CHECK_BY_ITSELF,
	.open = open_session,
	.step = step,
	.close = close_session,
	.timeout = HEALTH_L7TOUT_CODE,
};

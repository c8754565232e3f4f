/* SPDX-License-Identifier: BSD-2-Clause */
#include "share/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "share/bytes.h"
#include "share/message.h"

#define NONCE 12
#define SECRET_MIN 16
#define SECRET_MAX 1024

static const uint8_t mark[8] = { 's', 'h', 'u', 'P', MESSAGE_VERSION };

static void free_cipher(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

/* --- head and keys ------------------------------------------------------------------------ */

bool seal_read_head(const uint8_t *bytes, size_t n, struct seal_head *out)
{
	if (n < SEAL_HEAD + SEAL_TAG || n > SEAL_MAX || memcmp(bytes, mark, sizeof(mark)))
		return false;
	memcpy(out->session, bytes + sizeof(mark), SEAL_SESSION);
	out->sequence = bytes_load(bytes + sizeof(mark) + SEAL_SESSION, 8);
	return true;
}

static void put_head(uint8_t *out, const struct seal_head *head)
{
	memcpy(out, mark, sizeof(mark));
	memcpy(out + sizeof(mark), head->session, SEAL_SESSION);
	bytes_store(out + sizeof(mark) + SEAL_SESSION, head->sequence, 8);
}

static int hash(const uint8_t secret[SEAL_KEY], const void *text, size_t n, uint8_t out[SEAL_KEY])
{
	unsigned int len = SEAL_KEY;

	return HMAC(EVP_sha256(), secret, SEAL_KEY, text, n, out, &len) && len == SEAL_KEY ? 0
											   : -EIO;
}

int seal_derive(const uint8_t secret[SEAL_KEY], const uint8_t session[SEAL_SESSION],
		uint8_t out[SEAL_KEY])
{
	uint8_t text[sizeof(mark) + SEAL_SESSION];

	memcpy(text, mark, sizeof(mark));
	memcpy(text + sizeof(mark), session, SEAL_SESSION);
	return hash(secret, text, sizeof(text), out);
}

int seal_fingerprint(const uint8_t secret[SEAL_KEY], const void *text, size_t n, uint64_t *out)
{
	uint8_t whole[SEAL_KEY];
	int err = hash(secret, text, n, whole);

	if (!err)
		*out = bytes_load(whole, sizeof(*out));
	return err;
}

/* --- closed and opened --------------------------------------------------------------------- */

static void make_nonce(uint64_t sequence, uint8_t out[NONCE])
{
	memset(out, 0, NONCE);
	bytes_store(out + NONCE - 8, sequence, 8);
}

int seal_close(const uint8_t key[SEAL_KEY], const struct seal_head *head, const uint8_t *text,
	       size_t n, uint8_t out[SEAL_MAX])
{
	_cleanup_(free_cipher) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[NONCE];
	int len;

	make_nonce(head->sequence, nonce);
	put_head(out, head);
	if (!ctx || n > SEAL_MAX - SEAL_HEAD - SEAL_TAG ||
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &len, out, SEAL_HEAD) != 1 ||
	    EVP_EncryptUpdate(ctx, out + SEAL_HEAD, &len, text, n) != 1 ||
	    EVP_EncryptFinal_ex(ctx, out + SEAL_HEAD + n, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SEAL_TAG, out + SEAL_HEAD + n) != 1)
		return -EIO;
	return SEAL_HEAD + n + SEAL_TAG;
}

int seal_open(const uint8_t key[SEAL_KEY], const uint8_t *bytes, size_t n, uint8_t out[SEAL_MAX])
{
	_cleanup_(free_cipher) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[NONCE], tag[SEAL_TAG];
	struct seal_head head;
	int len, inside;

	if (!ctx || !seal_read_head(bytes, n, &head))
		return -EBADMSG;
	inside = n - SEAL_HEAD - SEAL_TAG;
	make_nonce(head.sequence, nonce);
	memcpy(tag, bytes + n - SEAL_TAG, SEAL_TAG);
	if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &len, bytes, SEAL_HEAD) != 1 ||
	    EVP_DecryptUpdate(ctx, out, &len, bytes + SEAL_HEAD, inside) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, SEAL_TAG, tag) != 1 ||
	    EVP_DecryptFinal_ex(ctx, out + inside, &len) != 1)
		return -EBADMSG;
	return inside;
}

/* --- the secret ------------------------------------------------------------------------------- */

static int check_file(int fd, const char **why)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		*why = "is no file";
	else if (st.st_uid && st.st_uid != geteuid())
		*why = "belongs to somebody else";
	else if (st.st_mode & 077)
		*why = "others than its owner may read or write it: chmod 600";
	else
		return 0;
	return -EPERM;
}

int seal_read_secret(const char *path, uint8_t out[SEAL_KEY], const char **why)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[SECRET_MAX];
	ssize_t n;
	int err;

	*why = "cannot be read";
	if (fd < 0)
		return -errno;
	err = check_file(fd, why);
	if (err)
		return err;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	/* As an editor leaves it. */
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	*why = "has less than 16 bytes";
	err = n < SECRET_MIN ? -EINVAL : 0;
	if (!err && EVP_Digest(text, n, out, NULL, EVP_sha256(), NULL) != 1)
		err = -EIO;
	explicit_bzero(text, sizeof(text));
	return err;
}

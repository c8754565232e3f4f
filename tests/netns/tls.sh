#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Checks of type https and tls against nginx with certificates good and bad: what is
# wrong is told, what ends soon passes with one warning, and whom one trusts is
# handed to the prober again when it is another, or when the file has changed.
. "$(dirname "$0")/lib.sh"

pki=$work/pki
system_store=/etc/ssl/certs/ca-certificates.crt

# --- certificates ---------------------------------------------------------------

make_ca()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 99 \
		-subj "/CN=$1" -keyout "$pki/$1.key" -out "$pki/$1.pem" 2>/dev/null
}

# certify NAME HOST FROM_DAYS TO_DAYS: signed by the root, valid between these days from now.
certify()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
		-addext "subjectAltName=DNS:$2,IP:$net4.11,IP:$net6:11" \
		-keyout "$pki/$1.key" -out "$pki/$1.csr" 2>/dev/null
	openssl ca -batch -config "$pki/ca.conf" -in "$pki/$1.csr" -out "$pki/$1.pem" -notext \
		-startdate "$(date -u -d "$3 days" +%Y%m%d%H%M%SZ)" \
		-enddate "$(date -u -d "$4 days" +%Y%m%d%H%M%SZ)" 2>/dev/null
}

make_pki()
{
	mkdir "$pki"
	: >"$pki/index"
	cat >"$pki/ca.conf" <<-EOT
	[ca]
	default_ca = root
	[root]
	database = $pki/index
	new_certs_dir = $pki
	rand_serial = yes
	certificate = $pki/root.pem
	private_key = $pki/root.key
	default_md = sha256
	copy_extensions = copy
	unique_subject = no
	policy = any
	[any]
	commonName = supplied
	EOT
	make_ca root
	make_ca stranger
	certify good www.example.com -9 90
	certify soon www.example.com -9 5
	certify expired www.example.com -9 -3
	certify other mail.example.com -9 90
	make_ca self
}

# --- the server -----------------------------------------------------------------

# listen_tls PORT CERTIFICATE STATUS
listen_tls()
{
	cat <<-EOT
	server {
		listen $1 ssl;
		listen [::]:$1 ssl;
		ssl_certificate $pki/$2.pem;
		ssl_certificate_key $pki/$2.key;
		location / { return $3; }
	}
	EOT
}

start_tls_server()
{
	mkdir -p "$work/b1"
	{
		cat <<-EOT
		daemon off;
		user root;
		worker_processes 1;
		pid $work/b1/nginx.pid;
		error_log stderr info;
		events { }
		http {
		access_log off;
		server { listen 8080; location / { return 204; } }
		EOT
		listen_tls 8441 good 204
		listen_tls 8442 good 503
		listen_tls 8443 other 204
		listen_tls 8444 expired 204
		listen_tls 8445 self 204
		listen_tls 8446 soon 204
		echo "}"
	} >"$work/b1/nginx.conf"
	start "nginx-b1" b1 nginx -p "$work/b1" -c "$work/b1/nginx.conf"
	wait_for 5 in_host b1 curl -fsS -o /dev/null http://127.0.0.1:8080/
}

# --- the balancer ---------------------------------------------------------------

# service NAME VIP_PORT PORT CHECK [ADDRESS]: one backend, so that NAME says it all.
service()
{
	cat <<-EOT
	  $1:
	    vip: [$vip4, "$vip6"]
	    ports: [$2/tcp]
	    check: { port: $3, interval: $pace, fast_interval: $pace, down_interval: $pace, timeout: $pace, $4 }
	    backends:
	      - { name: b1, ${5:-address: $net4.11} }
	EOT
}

write_services()
{
	local www="host: www.example.com, ca_file: $pki/trusted.pem"

	{
		echo "services:"
		service good 1 8441 "type: https, $www"
		service good6 2 8441 "type: tls, sni: www.example.com, ca_file: $pki/trusted.pem" \
			"address6: \"$net6:11\""
		service address 3 8441 "type: tls, ca_file: $pki/trusted.pem"
		service system 4 8441 "type: https, host: 'www.example.com:8441'"
		service status 5 8442 "type: https, $www"
		service name 6 8443 "type: https, $www"
		service expired 7 8444 "type: tls, sni: www.example.com, ca_file: $pki/trusted.pem"
		service self 8 8445 "type: https, $www"
		service any 9 8445 "type: https, verify: false"
		service pinned 10 8445 "type: tls, sni: self, ca_file: $pki/self.pem"
		service plain 11 8080 "type: https, $www"
		service silent 12 8079 "type: tls, verify: false"
		service soon 13 8446 "type: https, $www"
		service soon_enough 14 8446 "type: https, $www, expires: 2d"
	} | write_conf
}

# what SERVICE: state, code and detail of its backend.
what()
{
	shunt backend list "$1" --json |
		jq -r '[.. | .check? // empty | select(type == "object" and has("code"))][0] | "\(.state) \(.code) \(.detail)"'
}

# finds SERVICE PATTERN
finds()
{
	[[ $(what "$1") =~ ^$2$ ]]
}

expect()
{
	poll 10 finds "$1" "$2" || die "$1: wanted '$2', is '$(what "$1")'"
	say "$1: $(what "$1")"
}

# Those that are no part of a change of state.
warnings()
{
	grep 'certificate ends in' "$(log_of shuntd)" | grep -vc -- '->' || true
}

one_armed
make_pki
cp "$pki/root.pem" "$pki/trusted.pem"
mount --bind "$pki/root.pem" "$system_store"
start_tls_server
# Takes connections, and never says a word.
start silent b1 "$python" -c '
import socket, time
s = socket.create_server(("", 8079), backlog=64)
held = []
while True:
    held.append(s.accept())
'
write_services
start_shuntd

expect good 'up OK http 204'
expect good6 'up OK TLSv1\.[23]'
expect address 'up OK TLSv1\.[23]'
expect system 'up OK http 204'
expect status 'down L7STS http 503'
expect name 'down L6CERT certificate is for mail\.example\.com, not for www\.example\.com'
expect expired "down L6CERT certificate expired on $(date -u -d '-3 days' +%Y-%m-%d)"
expect self 'down L6CERT self-signed certificate'
expect any 'up OK http 204'
expect pinned 'up OK TLSv1\.[23]'
expect plain 'down L6RSP the answer is not TLS'
expect silent 'down L6TOUT no TLS session within .*'
expect soon 'up OK http 204, the certificate ends in 4 days'
expect soon_enough 'up OK http 204'
want "warnings so far" 1 "$(warnings)"
ends=$(metric 'shunt_backend_certificate_end_timestamp_seconds\{service="soon"')
want "end of the certificate" "$(date -d "$(openssl x509 -in "$pki/soon.pem" -noout -enddate |
	cut -d= -f2)" +%s)" "$ends"

# Another prober is told all of it, too; nobody is thought to be down meanwhile.
log=$(log_lines shuntd)
kill -KILL "$(pgrep -xo shuntd-prober)"
wait_for 5 said shuntd 'starting it again' "$log"
good=$(metric 'shunt_health_checks_total\{.*service="good".*result="passed"')
more_checks()
{
	[[ $(metric 'shunt_health_checks_total\{.*service="good".*result="passed"') -gt $((good + 3)) ]]
}
wait_for 10 more_checks
expect system 'up OK http 204'
expect name 'down L6CERT certificate is for .*'
! said shuntd 'up -> down' "$log" || die "a verdict was lost with the prober"

# The file changes: a reload takes it over.
cp "$pki/stranger.pem" "$pki/trusted.pem"
shunt reload >/dev/null
expect good 'down L6CERT certificate of nobody who is trusted'
expect system 'up OK http 204'
cp "$pki/root.pem" "$pki/trusted.pem"
shunt reload >/dev/null
expect good 'up OK http 204'

# A file that is of no use is refused, and what runs goes on.
echo nonsense >"$pki/trusted.pem"
if shunt reload >"$work/reload" 2>&1; then
	die "a CA file without certificates was taken"
fi
said shuntd 'there is no certificate in it' || die "the log does not say why"
expect good 'up OK http 204'
want "warnings in all" 1 "$(warnings)"
! grep -q 'nonsense' "$(log_of shuntd)" || die "bytes of the file are in the log"

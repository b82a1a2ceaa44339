"""Lines of hosts and their daemons, written from how they log."""

from __future__ import annotations

from chance import b64
from log_parts import Line, clock, day, ip, iso, path, port, syslog

APACHE: tuple[Line, ...] = (
    lambda c: (
        f"[{c.choice(('Sun', 'Mon'))} Dec {c.randrange(1, 29):02d} {clock(c)} 2005] [notice] jk2_init() Found child {c.randrange(9999)} in scoreboard slot {c.randrange(20)}"
    ),
    lambda c: f"[Mon Dec 05 {clock(c)} 2005] [error] [client {ip(c)}] File does not exist: /var/www/html{path(c)}",
    lambda c: f"[Mon Dec 05 {clock(c)} 2005] [error] mod_jk child workerEnv in error state {c.randrange(10)}",
    lambda c: (
        f'{ip(c)} - - [11/May/2024:{clock(c)} +0000] "GET {path(c)}?page={c.randrange(99)}&sort=asc HTTP/1.1" 200 {c.randrange(99999)} "https://example.com{path(c)}" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{c.randrange(90, 130)}.0.0.0 Safari/537.36"'
    ),
    lambda c: (
        f"[Mon May 06 {clock(c)}.{c.randrange(10**6)} 2024] [auth_basic:error] [pid {c.randrange(9999)}] [client {ip(c)}:{port(c)}] AH01618: user {c.words(1)} not found: /private"
    ),
    lambda c: (
        f'[Mon May 06 {clock(c)} 2024] [auth_basic:error] [client {ip(c)}:{port(c)}] AH01617: user {c.words(1)}: authentication failure for "/admin": Password Mismatch'
    ),
    lambda c: (
        f"[ssl:warn] [pid {c.randrange(9999)}] AH01909: www.example.com:443:0 server certificate does NOT include an ID which matches the server name"
    ),
)
OPENSSH: tuple[Line, ...] = (
    lambda c: f"{syslog(c, 'sshd')} Failed password for invalid user {c.words(1)} from {ip(c)} port {port(c)} ssh2",
    lambda c: f"{syslog(c, 'sshd')} Failed password for root from {ip(c)} port {port(c)} ssh2",
    lambda c: f"{syslog(c, 'sshd')} Accepted password for {c.words(1)} from {ip(c)} port {port(c)} ssh2",
    lambda c: (
        f"{syslog(c, 'sshd')} Accepted publickey for git from {ip(c)} port {port(c)} ssh2: RSA SHA256:{b64(c.randbytes(32), pad=False)}"
    ),
    lambda c: (
        f"{syslog(c, 'sshd')} pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip(c)}  user=root"
    ),
    lambda c: (
        f"{syslog(c, 'sshd')} PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={ip(c)}"
    ),
    lambda c: f"{syslog(c, 'sshd')} Received disconnect from {ip(c)}: 11: Bye Bye [preauth]",
    lambda c: (
        f"{syslog(c, 'sshd')} reverse mapping checking getaddrinfo for host-{c.randrange(999)}.example.net [{ip(c)}] failed - POSSIBLE BREAK-IN ATTEMPT!"
    ),
    lambda c: (
        f"{syslog(c, 'sshd')} message repeated {c.randrange(2, 6)} times: [ Failed password for root from {ip(c)} port {port(c)} ssh2]"
    ),
    lambda c: (
        f"{syslog(c, 'sudo')} {c.words(1)} : TTY=pts/0 ; PWD=/home/{c.words(1)} ; USER=root ; COMMAND=/usr/bin/apt-get -y install {c.words(1)}"
    ),
    lambda c: (
        f"{syslog(c, 'su')} pam_unix(su:session): session opened for user {c.words(1)}(uid={c.randrange(9999)}) by (uid=0)"
    ),
    lambda c: f"{syslog(c, 'passwd')} pam_unix(passwd:chauthtok): password changed for {c.words(1)}",
)
NGINX: tuple[Line, ...] = (
    lambda c: (
        f'{ip(c)} - {c.choice(("-", c.words(1)))} [11/May/2024:{clock(c)} +0000] "{c.choice(("GET", "POST"))} /api/v1{path(c)}/{c.randrange(10**6)} HTTP/2.0" {c.choice((200, 404, 502))} {c.randrange(99999)} "-" "python-requests/2.31.0" rt={c.random():.3f} uct="0.000" rid={c.hex(32)}'
    ),
    lambda c: (
        f'2024/05/11 {clock(c)} [error] {c.randrange(99)}#{c.randrange(99)}: *{c.randrange(10**6)} upstream timed out (110: Connection timed out) while reading response header from upstream, client: {ip(c)}, server: example.com, request: "GET {path(c)} HTTP/1.1", upstream: "http://{ip(c)}:8080{path(c)}", host: "example.com"'
    ),
    lambda c: (
        f'2024/05/11 {clock(c)} [error] 31#31: *{c.randrange(10**6)} user "{c.words(1)}": password mismatch, client: {ip(c)}, server: _, request: "GET / HTTP/1.1", host: "x"'
    ),
    lambda c: f"2024/05/11 {clock(c)} [notice] 1#1: signal {c.randrange(30)} (SIGCHLD) received from {c.randrange(99)}",
    lambda c: f"{ip(c)} {ip(c)}:443 TLSv1.3/TLS_AES_256_GCM_SHA384 {c.hex(64)} r 0",
)
SYSTEMD: tuple[Line, ...] = (
    lambda c: f"{syslog(c, 'systemd')} Started Session {c.randrange(9999)} of User {c.words(1)}.",
    lambda c: (
        f"{syslog(c, 'systemd')} {c.words(1)}.service: Main process exited, code=exited, status={c.randrange(3)}/FAILURE"
    ),
    lambda c: f"{syslog(c, 'systemd-logind')} New session {c.hex(3)} of user {c.words(1)}.",
    lambda c: (
        f"{syslog(c, 'systemd')} run-docker-runtime\\x2drunc-moby-{c.hex(64)}-runc.{c.alnum(6)}.mount: Deactivated successfully."
    ),
    lambda c: f"{syslog(c, 'systemd')} Starting Forward Password Requests to Wall Directory Watch...",
    lambda c: (
        f"{syslog(c, 'systemd')} Condition check resulted in Dispatch Password Requests to Console being skipped."
    ),
    lambda c: f"{syslog(c, 'CRON')} (root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
    lambda c: f"{syslog(c, 'dhclient')} DHCPACK of {ip(c)} from {ip(c)} (xid=0x{c.hex(8)})",
    lambda c: (
        f"{syslog(c, 'dbus-daemon')} [system] Activating via systemd: service name='org.freedesktop.PolicyKit1' unit='polkit.service' requested by ':1.{c.randrange(999)}' (uid=0 pid={c.randrange(9999)} comm=\"/usr/bin/pkexec \")"
    ),
    lambda c: (
        f"{syslog(c, 'ftpd')} connection from {ip(c)} (host{c.randrange(99)}.example) at Sat Jun 18 {clock(c)} 2005"
    ),
)
KERNEL: tuple[Line, ...] = (
    lambda c: (
        f"{syslog(c, 'kernel').replace('kernel[', 'kernel: [')} usb 1-{c.randrange(4)}: new high-speed USB device number {c.randrange(20)} using xhci_hcd"
    ),
    lambda c: (
        f"[{c.randrange(99999)}.{c.randrange(10**6):06d}] IPv4: martian source {ip(c)} from {ip(c)}, on dev eth{c.randrange(3)}"
    ),
    lambda c: f"[{c.randrange(99999)}.{c.randrange(10**6):06d}] BIOS-e820: [mem 0x{c.hex(16)}-0x{c.hex(16)}] usable",
    lambda c: (
        f"[{c.randrange(99999)}.{c.randrange(10**6):06d}] Out of memory: Killed process {c.randrange(9999)} ({c.words(1)}) total-vm:{c.randrange(10**7)}kB, anon-rss:{c.randrange(10**6)}kB, oom_score_adj:0"
    ),
    lambda c: (
        f'audit: type=1400 audit({c.digits(10)}.{c.randrange(999)}:{c.randrange(999)}): apparmor="DENIED" operation="open" profile="snap.{c.words(1)}" name="/etc/{c.words(1)}" pid={c.randrange(9999)} comm="{c.words(1)}" requested_mask="r" denied_mask="r" fsuid=1000 ouid=0'
    ),
    lambda c: (
        f'audit: USER_AUTH pid={c.randrange(9999)} uid=0 auid=4294967295 ses=4294967295 msg=\'op=PAM:authentication grantors=? acct="{c.words(1)}" exe="/usr/sbin/sshd" hostname={ip(c)} addr={ip(c)} terminal=ssh res=failed\''
    ),
    lambda c: (
        f"[UFW BLOCK] IN=eth0 OUT= MAC={':'.join(c.hex(2) for _ in range(14))} SRC={ip(c)} DST={ip(c)} LEN=40 TOS=0x00 PREC=0x00 TTL={c.randrange(255)} ID={c.randrange(65535)} PROTO=TCP SPT={port(c)} DPT={port(c)} WINDOW=1024 RES=0x00 SYN URGP=0"
    ),
    lambda c: (
        f"[{c.randrange(999)}.{c.randrange(10**6):06d}] Loaded X.509 cert 'Build time autogenerated kernel key: {c.hex(40)}'"
    ),
)
POSTGRES: tuple[Line, ...] = (
    lambda c: (
        f"{day(c)} {clock(c)}.{c.randrange(999)} UTC [{c.randrange(9999)}] LOG:  checkpoint complete: wrote {c.randrange(9999)} buffers ({c.randrange(99)}.1%); 0 WAL file(s) added, 0 removed; write={c.random():.3f} s, sync=0.004 s, total={c.random():.3f} s; distance={c.randrange(9999)} kB"
    ),
    lambda c: (
        f"{day(c)} {clock(c)} UTC [{c.randrange(9999)}] {c.words(1)}@app LOG:  duration: {c.random() * 100:.3f} ms  statement: SELECT id, name FROM {c.words(1)} WHERE id = {c.randrange(9999)} AND state = 'open'"
    ),
    lambda c: (
        f'{day(c)} {clock(c)} UTC [{c.randrange(9999)}] FATAL:  password authentication failed for user "{c.words(1)}"'
    ),
    lambda c: (
        f'{day(c)} {clock(c)} UTC [{c.randrange(9999)}] DETAIL:  Connection matched pg_hba.conf line {c.randrange(99)}: "host all all 0.0.0.0/0 scram-sha-256"'
    ),
    lambda c: (
        f'{day(c)} {clock(c)} UTC [{c.randrange(9999)}] ERROR:  duplicate key value violates unique constraint "{c.words(1)}_pkey"'
    ),
    lambda c: f"{day(c)} {clock(c)} UTC [{c.randrange(9999)}] DETAIL:  Key (id)=({c.randrange(10**6)}) already exists.",
    lambda c: (
        f"{day(c)} {clock(c)} UTC [{c.randrange(9999)}] LOG:  connection authorized: user={c.words(1)} database=app application_name=psql SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)"
    ),
    lambda c: (
        f"{iso(c)} {c.randrange(99)} [Warning] Access denied for user '{c.words(1)}'@'{ip(c)}' (using password: YES)"
    ),
    lambda c: f"{iso(c)} 0 [Note] A temporary password is generated for root at first start",
    lambda c: (
        f"{c.randrange(9999)}:M 11 May 2024 {clock(c)}.{c.randrange(999)} * Background saving started by pid {c.randrange(9999)}"
    ),
)
WINDOWS: tuple[Line, ...] = (
    lambda c: (
        f"{day(c)} {clock(c)}, Info                  CBS    Loaded Servicing Stack v6.1.7601.{c.randrange(99999)} with Core: C:\\Windows\\winsxs\\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_6.1.7601.{c.randrange(99999)}_none_{c.hex(16)}\\cbscore.dll"
    ),
    lambda c: f"{day(c)} {clock(c)}, Info                  CBS    SQM: Initializing online with Windows opt-in: False",
    lambda c: (
        f"{day(c)} {clock(c)}, Info                  CSI    {c.hex(8)}@2016/9/27:20:30:31.455 WcpInitialize (wcp.dll version 0.0.0.6) called (stack @0x7fed{c.hex(7)} @0x7fef{c.hex(7)})"
    ),
    lambda c: (
        f"{day(c)} {clock(c)}, Info                  CBS    Session: {c.randrange(10**8)}_{c.randrange(10**9)} initialized by client WindowsUpdateAgent."
    ),
    lambda c: (
        f"An account was successfully logged on. Subject: Security ID: S-1-5-18 Account Name: HOST$ Logon ID: 0x{c.hex(3)} Logon Type: 5 Logon GUID: {{{c.uuid()}}} Process Name: C:\\Windows\\System32\\services.exe Authentication Package: Negotiate"
    ),
    lambda c: (
        f"EventID 4776: The computer attempted to validate the credentials for an account. Authentication Package: MICROSOFT_AUTHENTICATION_PACKAGE_V1_0 Logon Account: {c.words(1)} Error Code: 0xC000006A"
    ),
    lambda c: f"Windows update package KB{c.digits(7)} {{{c.uuid().upper()}}} staged",
)

"""Ordinary system logs, as services write them all day: nothing in them is a secret, so nothing of them may change.

Written from how these systems log, with generated values; no line is copied from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable

from chance import Chance, b64

Line = Callable[[Chance], str]


def _ip(c: Chance) -> str:
    return f"{c.choice((10, 172, 192, 203))}.{c.randrange(256)}.{c.randrange(256)}.{c.randrange(1, 255)}"


def _port(c: Chance) -> str:
    return str(c.randrange(1024, 65536))


def _block(c: Chance) -> str:
    return f"blk_{c.choice(('', '-'))}{c.randrange(10**17, 9 * 10**18)}"


def _clock(c: Chance) -> str:
    return f"{c.randrange(24):02d}:{c.randrange(60):02d}:{c.randrange(60):02d}"


def _day(c: Chance) -> str:
    return f"2024-{c.randrange(1, 13):02d}-{c.randrange(1, 29):02d}"


def _iso(c: Chance) -> str:
    return f"{_day(c)}T{_clock(c)}.{c.randrange(10**6):06d}Z"


def _syslog(c: Chance, program: str) -> str:
    return f"{c.choice(('Jan', 'May', 'Dec'))} {c.randrange(1, 29):2d} {_clock(c)} {c.choice(('web', 'db', 'edge'))}-{c.randrange(9)} {program}[{c.randrange(99999)}]:"


def _path(c: Chance) -> str:
    return "/" + c.words(c.randrange(1, 4), "/")


HDFS: tuple[Line, ...] = (
    lambda c: f"dfs.DataNode$PacketResponder: PacketResponder {c.randrange(3)} for block {_block(c)} terminating",
    lambda c: (
        f"dfs.FSNamesystem: BLOCK* NameSystem.addStoredBlock: blockMap updated: {_ip(c)}:50010 is added to {_block(c)} size {c.randrange(10**8)}"
    ),
    lambda c: f"dfs.DataNode$DataXceiver: Receiving block {_block(c)} src: /{_ip(c)}:{_port(c)} dest: /{_ip(c)}:50010",
    lambda c: (
        f"dfs.FSNamesystem: BLOCK* NameSystem.allocateBlock: /user/root/_temporary/_task_{_day(c).replace('-', '')}1542_0008_m_{c.randrange(2000):06d}_0/part-{c.randrange(2000):05d}. {_block(c)}"
    ),
    lambda c: f"dfs.DataNode: {_ip(c)}:50010 Served block {_block(c)} to /{_ip(c)}",
    lambda c: (
        f"DataNode.clienttrace: src: /{_ip(c)}:{_port(c)}, dest: /{_ip(c)}:50010, bytes: {c.randrange(10**8)}, op: HDFS_WRITE, cliID: DFSClient_NONMAPREDUCE_{c.randrange(10**9)}_1, offset: 0, srvID: {c.uuid()}, blockid: BP-{c.digits(10)}-{_ip(c)}-{c.digits(13)}:{_block(c)}, duration: {c.randrange(10**9)}"
    ),
    lambda c: (
        f"hdfs.server.namenode.FSNamesystem.audit: allowed=true ugi=hive (auth:SIMPLE) ip=/{_ip(c)} cmd=getfileinfo src={_path(c)} dst=null perm=null proto=rpc"
    ),
    lambda c: (
        f"security.token.block.BlockTokenSecretManager: Setting block keys. BlockPool = BP-{c.digits(10)}-{_ip(c)}-{c.digits(13)}"
    ),
    lambda c: (
        "token.delegation.AbstractDelegationTokenSecretManager: Updating the current master key for generating delegation tokens"
    ),
)
APACHE: tuple[Line, ...] = (
    lambda c: (
        f"[{c.choice(('Sun', 'Mon'))} Dec {c.randrange(1, 29):02d} {_clock(c)} 2005] [notice] jk2_init() Found child {c.randrange(9999)} in scoreboard slot {c.randrange(20)}"
    ),
    lambda c: f"[Mon Dec 05 {_clock(c)} 2005] [error] [client {_ip(c)}] File does not exist: /var/www/html{_path(c)}",
    lambda c: f"[Mon Dec 05 {_clock(c)} 2005] [error] mod_jk child workerEnv in error state {c.randrange(10)}",
    lambda c: (
        f'{_ip(c)} - - [11/May/2024:{_clock(c)} +0000] "GET {_path(c)}?page={c.randrange(99)}&sort=asc HTTP/1.1" 200 {c.randrange(99999)} "https://example.com{_path(c)}" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{c.randrange(90, 130)}.0.0.0 Safari/537.36"'
    ),
    lambda c: (
        f"[Mon May 06 {_clock(c)}.{c.randrange(10**6)} 2024] [auth_basic:error] [pid {c.randrange(9999)}] [client {_ip(c)}:{_port(c)}] AH01618: user {c.words(1)} not found: /private"
    ),
    lambda c: (
        f'[Mon May 06 {_clock(c)} 2024] [auth_basic:error] [client {_ip(c)}:{_port(c)}] AH01617: user {c.words(1)}: authentication failure for "/admin": Password Mismatch'
    ),
    lambda c: (
        f"[ssl:warn] [pid {c.randrange(9999)}] AH01909: www.example.com:443:0 server certificate does NOT include an ID which matches the server name"
    ),
)
OPENSSH: tuple[Line, ...] = (
    lambda c: f"{_syslog(c, 'sshd')} Failed password for invalid user {c.words(1)} from {_ip(c)} port {_port(c)} ssh2",
    lambda c: f"{_syslog(c, 'sshd')} Failed password for root from {_ip(c)} port {_port(c)} ssh2",
    lambda c: f"{_syslog(c, 'sshd')} Accepted password for {c.words(1)} from {_ip(c)} port {_port(c)} ssh2",
    lambda c: (
        f"{_syslog(c, 'sshd')} Accepted publickey for git from {_ip(c)} port {_port(c)} ssh2: RSA SHA256:{b64(c.randbytes(32), pad=False)}"
    ),
    lambda c: (
        f"{_syslog(c, 'sshd')} pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={_ip(c)}  user=root"
    ),
    lambda c: (
        f"{_syslog(c, 'sshd')} PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={_ip(c)}"
    ),
    lambda c: f"{_syslog(c, 'sshd')} Received disconnect from {_ip(c)}: 11: Bye Bye [preauth]",
    lambda c: (
        f"{_syslog(c, 'sshd')} reverse mapping checking getaddrinfo for host-{c.randrange(999)}.example.net [{_ip(c)}] failed - POSSIBLE BREAK-IN ATTEMPT!"
    ),
    lambda c: (
        f"{_syslog(c, 'sshd')} message repeated {c.randrange(2, 6)} times: [ Failed password for root from {_ip(c)} port {_port(c)} ssh2]"
    ),
    lambda c: (
        f"{_syslog(c, 'sudo')} {c.words(1)} : TTY=pts/0 ; PWD=/home/{c.words(1)} ; USER=root ; COMMAND=/usr/bin/apt-get -y install {c.words(1)}"
    ),
    lambda c: (
        f"{_syslog(c, 'su')} pam_unix(su:session): session opened for user {c.words(1)}(uid={c.randrange(9999)}) by (uid=0)"
    ),
    lambda c: f"{_syslog(c, 'passwd')} pam_unix(passwd:chauthtok): password changed for {c.words(1)}",
)
SPARK: tuple[Line, ...] = (
    lambda c: (
        f"17/06/09 {_clock(c)} INFO executor.Executor: Running task {c.randrange(99)}.0 in stage {c.randrange(99)}.0 (TID {c.randrange(9999)})"
    ),
    lambda c: (
        f"17/06/09 {_clock(c)} INFO storage.MemoryStore: Block broadcast_{c.randrange(99)}_piece0 stored as bytes in memory (estimated size {c.randrange(99)}.{c.randrange(9)} KB, free {c.randrange(999)}.1 KB)"
    ),
    lambda c: (
        f"17/06/09 {_clock(c)} INFO spark.SecurityManager: SecurityManager: authentication disabled; ui acls disabled; users with view permissions: Set(yarn, {c.words(1)}); users with modify permissions: Set(yarn, {c.words(1)})"
    ),
    lambda c: (
        f"17/06/09 {_clock(c)} INFO python.PythonRunner: Times: total = {c.randrange(99)}, boot = -{c.randrange(99)}, init = {c.randrange(99)}, finish = 0"
    ),
    lambda c: (
        f"17/06/09 {_clock(c)} INFO rdd.HadoopRDD: Input split: hdfs://{_ip(c)}:9000{_path(c)}:{c.randrange(10**8)}+{c.randrange(10**7)}"
    ),
    lambda c: (
        f"24/05/11 {_clock(c)} INFO yarn.Client: Application report for application_{c.digits(13)}_{c.randrange(9999):04d} (state: RUNNING) client token: N/A diagnostics: N/A"
    ),
    lambda c: (
        f"24/05/11 {_clock(c)} INFO security.HadoopDelegationTokenManager: Updating delegation tokens for current user."
    ),
    lambda c: (
        f"Executor: Starting executor ID {c.randrange(9)} on host mesos-slave-{c.randrange(99)}, tokens renewed: 0"
    ),
)
ZOOKEEPER: tuple[Line, ...] = (
    lambda c: (
        f"{_day(c)} {_clock(c)},{c.randrange(999)} - INFO  [QuorumPeer[myid={c.randrange(4)}]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: {c.randrange(60000)}"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)},{c.randrange(999)} - INFO  [CommitProcessor:1:ZooKeeperServer@595] - Established session 0x{c.hex(15)} with negotiated timeout {c.randrange(40000)} for client /{_ip(c)}:{_port(c)}"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)},{c.randrange(999)} - WARN  [RecvWorker:{c.randrange(10**18)}:QuorumCnxManager$RecvWorker@765] - Interrupting SendWorker"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)},{c.randrange(999)} - INFO  [NIOServerCxn.Factory:0.0.0.0/0.0.0.0:2181:NIOServerCnxn@1001] - Closed socket connection for client /{_ip(c)}:{_port(c)} which had sessionid 0x{c.hex(15)}"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)},{c.randrange(999)} - WARN  [NIOServerCxn.Factory:0.0.0.0/0.0.0.0:2181:NIOServerCnxn@354] - caught end of stream exception: Unable to read additional data from client sessionid 0x{c.hex(15)}, likely client has closed socket"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)},{c.randrange(999)} - INFO  [SessionTracker:ZooKeeperServer@325] - Expiring session 0x{c.hex(15)}, timeout of {c.randrange(40000)}ms exceeded"
    ),
    lambda c: (
        f"kafka [{_day(c)} {_clock(c)},{c.randrange(999)}] INFO [GroupCoordinator {c.randrange(9)}]: Member consumer-{c.words(1)}-1-{c.uuid()} in group {c.words(1)} has left (kafka.coordinator.group.GroupCoordinator)"
    ),
)
NGINX: tuple[Line, ...] = (
    lambda c: (
        f'{_ip(c)} - {c.choice(("-", c.words(1)))} [11/May/2024:{_clock(c)} +0000] "{c.choice(("GET", "POST"))} /api/v1{_path(c)}/{c.randrange(10**6)} HTTP/2.0" {c.choice((200, 404, 502))} {c.randrange(99999)} "-" "python-requests/2.31.0" rt={c.random():.3f} uct="0.000" rid={c.hex(32)}'
    ),
    lambda c: (
        f'2024/05/11 {_clock(c)} [error] {c.randrange(99)}#{c.randrange(99)}: *{c.randrange(10**6)} upstream timed out (110: Connection timed out) while reading response header from upstream, client: {_ip(c)}, server: example.com, request: "GET {_path(c)} HTTP/1.1", upstream: "http://{_ip(c)}:8080{_path(c)}", host: "example.com"'
    ),
    lambda c: (
        f'2024/05/11 {_clock(c)} [error] 31#31: *{c.randrange(10**6)} user "{c.words(1)}": password mismatch, client: {_ip(c)}, server: _, request: "GET / HTTP/1.1", host: "x"'
    ),
    lambda c: (
        f"2024/05/11 {_clock(c)} [notice] 1#1: signal {c.randrange(30)} (SIGCHLD) received from {c.randrange(99)}"
    ),
    lambda c: f"{_ip(c)} {_ip(c)}:443 TLSv1.3/TLS_AES_256_GCM_SHA384 {c.hex(64)} r 0",
)
SYSTEMD: tuple[Line, ...] = (
    lambda c: f"{_syslog(c, 'systemd')} Started Session {c.randrange(9999)} of User {c.words(1)}.",
    lambda c: (
        f"{_syslog(c, 'systemd')} {c.words(1)}.service: Main process exited, code=exited, status={c.randrange(3)}/FAILURE"
    ),
    lambda c: f"{_syslog(c, 'systemd-logind')} New session {c.hex(3)} of user {c.words(1)}.",
    lambda c: (
        f"{_syslog(c, 'systemd')} run-docker-runtime\\x2drunc-moby-{c.hex(64)}-runc.{c.alnum(6)}.mount: Deactivated successfully."
    ),
    lambda c: f"{_syslog(c, 'systemd')} Starting Forward Password Requests to Wall Directory Watch...",
    lambda c: (
        f"{_syslog(c, 'systemd')} Condition check resulted in Dispatch Password Requests to Console being skipped."
    ),
    lambda c: f"{_syslog(c, 'CRON')} (root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
    lambda c: f"{_syslog(c, 'dhclient')} DHCPACK of {_ip(c)} from {_ip(c)} (xid=0x{c.hex(8)})",
    lambda c: (
        f"{_syslog(c, 'dbus-daemon')} [system] Activating via systemd: service name='org.freedesktop.PolicyKit1' unit='polkit.service' requested by ':1.{c.randrange(999)}' (uid=0 pid={c.randrange(9999)} comm=\"/usr/bin/pkexec \")"
    ),
    lambda c: (
        f"{_syslog(c, 'ftpd')} connection from {_ip(c)} (host{c.randrange(99)}.example) at Sat Jun 18 {_clock(c)} 2005"
    ),
)
KERNEL: tuple[Line, ...] = (
    lambda c: (
        f"{_syslog(c, 'kernel').replace('kernel[', 'kernel: [')} usb 1-{c.randrange(4)}: new high-speed USB device number {c.randrange(20)} using xhci_hcd"
    ),
    lambda c: (
        f"[{c.randrange(99999)}.{c.randrange(10**6):06d}] IPv4: martian source {_ip(c)} from {_ip(c)}, on dev eth{c.randrange(3)}"
    ),
    lambda c: f"[{c.randrange(99999)}.{c.randrange(10**6):06d}] BIOS-e820: [mem 0x{c.hex(16)}-0x{c.hex(16)}] usable",
    lambda c: (
        f"[{c.randrange(99999)}.{c.randrange(10**6):06d}] Out of memory: Killed process {c.randrange(9999)} ({c.words(1)}) total-vm:{c.randrange(10**7)}kB, anon-rss:{c.randrange(10**6)}kB, oom_score_adj:0"
    ),
    lambda c: (
        f'audit: type=1400 audit({c.digits(10)}.{c.randrange(999)}:{c.randrange(999)}): apparmor="DENIED" operation="open" profile="snap.{c.words(1)}" name="/etc/{c.words(1)}" pid={c.randrange(9999)} comm="{c.words(1)}" requested_mask="r" denied_mask="r" fsuid=1000 ouid=0'
    ),
    lambda c: (
        f'audit: USER_AUTH pid={c.randrange(9999)} uid=0 auid=4294967295 ses=4294967295 msg=\'op=PAM:authentication grantors=? acct="{c.words(1)}" exe="/usr/sbin/sshd" hostname={_ip(c)} addr={_ip(c)} terminal=ssh res=failed\''
    ),
    lambda c: (
        f"[UFW BLOCK] IN=eth0 OUT= MAC={':'.join(c.hex(2) for _ in range(14))} SRC={_ip(c)} DST={_ip(c)} LEN=40 TOS=0x00 PREC=0x00 TTL={c.randrange(255)} ID={c.randrange(65535)} PROTO=TCP SPT={_port(c)} DPT={_port(c)} WINDOW=1024 RES=0x00 SYN URGP=0"
    ),
    lambda c: (
        f"[{c.randrange(999)}.{c.randrange(10**6):06d}] Loaded X.509 cert 'Build time autogenerated kernel key: {c.hex(40)}'"
    ),
)
POSTGRES: tuple[Line, ...] = (
    lambda c: (
        f"{_day(c)} {_clock(c)}.{c.randrange(999)} UTC [{c.randrange(9999)}] LOG:  checkpoint complete: wrote {c.randrange(9999)} buffers ({c.randrange(99)}.1%); 0 WAL file(s) added, 0 removed; write={c.random():.3f} s, sync=0.004 s, total={c.random():.3f} s; distance={c.randrange(9999)} kB"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)} UTC [{c.randrange(9999)}] {c.words(1)}@app LOG:  duration: {c.random() * 100:.3f} ms  statement: SELECT id, name FROM {c.words(1)} WHERE id = {c.randrange(9999)} AND state = 'open'"
    ),
    lambda c: (
        f'{_day(c)} {_clock(c)} UTC [{c.randrange(9999)}] FATAL:  password authentication failed for user "{c.words(1)}"'
    ),
    lambda c: (
        f'{_day(c)} {_clock(c)} UTC [{c.randrange(9999)}] DETAIL:  Connection matched pg_hba.conf line {c.randrange(99)}: "host all all 0.0.0.0/0 scram-sha-256"'
    ),
    lambda c: (
        f'{_day(c)} {_clock(c)} UTC [{c.randrange(9999)}] ERROR:  duplicate key value violates unique constraint "{c.words(1)}_pkey"'
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)} UTC [{c.randrange(9999)}] DETAIL:  Key (id)=({c.randrange(10**6)}) already exists."
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)} UTC [{c.randrange(9999)}] LOG:  connection authorized: user={c.words(1)} database=app application_name=psql SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)"
    ),
    lambda c: (
        f"{_iso(c)} {c.randrange(99)} [Warning] Access denied for user '{c.words(1)}'@'{_ip(c)}' (using password: YES)"
    ),
    lambda c: f"{_iso(c)} 0 [Note] A temporary password is generated for root at first start",
    lambda c: (
        f"{c.randrange(9999)}:M 11 May 2024 {_clock(c)}.{c.randrange(999)} * Background saving started by pid {c.randrange(9999)}"
    ),
)
KUBERNETES: tuple[Line, ...] = (
    lambda c: (
        f"I0511 {_clock(c)}.{c.randrange(10**6):06d}       1 controller.go:{c.randrange(999)}] quota admission added evaluator for: {c.words(1)}.apps"
    ),
    lambda c: (
        f'E0511 {_clock(c)}.{c.randrange(10**6):06d}    {c.randrange(9999)} pod_workers.go:1300] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff" pod="default/web-{c.hex(10)}-x2b4z" podUID="{c.uuid()}"'
    ),
    lambda c: (
        f'W0511 {_clock(c)}.{c.randrange(10**6):06d}       1 reflector.go:424] failed to list *v1.Secret: secrets is forbidden: User "system:serviceaccount:{c.words(1)}:default" cannot list resource "secrets" in API group "" at the cluster scope'
    ),
    lambda c: (
        f'I0511 {_clock(c)}.{c.randrange(10**6):06d}    {c.randrange(9999)} reconciler_common.go:253] "operationExecutor.VerifyControllerAttachedVolume started for volume \\"{c.words(1)}-token\\" (UniqueName: \\"kubernetes.io/secret/{c.uuid()}-{c.words(1)}-token\\") pod \\"{c.words(1)}-{c.hex(9)}-2b4cd\\""'
    ),
    lambda c: f'time="{_iso(c)}" level=info msg="shim disconnected" id={c.hex(64)} namespace=k8s.io',
    lambda c: (
        f'{{"level":"info","ts":{c.digits(10)}.{c.randrange(10**6)},"logger":"etcd","caller":"mvcc/hash.go:137","msg":"storing new hash","hash":{c.randrange(4 * 10**9)},"revision":{c.randrange(10**6)},"compact-revision":{c.randrange(10**6)}}}'
    ),
    lambda c: (
        f'Normal  Pulled  {c.randrange(9)}m  kubelet  Successfully pulled image "registry.example.com/{c.words(1)}@sha256:{c.hex(64)}" in {c.random():.3f}s'
    ),
    lambda c: f'MountVolume.SetUp succeeded for volume "kube-api-access-{c.chars("bcdfghjklmnpqrstvwxz", 5)}"',
    lambda c: (
        f'level=info ts={_iso(c)} caller=head.go:{c.randrange(999)} component=tsdb msg="Head GC completed" duration={c.random() * 9:.9f}ms'
    ),
)
WINDOWS: tuple[Line, ...] = (
    lambda c: (
        f"{_day(c)} {_clock(c)}, Info                  CBS    Loaded Servicing Stack v6.1.7601.{c.randrange(99999)} with Core: C:\\Windows\\winsxs\\amd64_microsoft-windows-servicingstack_31bf3856ad364e35_6.1.7601.{c.randrange(99999)}_none_{c.hex(16)}\\cbscore.dll"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)}, Info                  CBS    SQM: Initializing online with Windows opt-in: False"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)}, Info                  CSI    {c.hex(8)}@2016/9/27:20:30:31.455 WcpInitialize (wcp.dll version 0.0.0.6) called (stack @0x7fed{c.hex(7)} @0x7fef{c.hex(7)})"
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)}, Info                  CBS    Session: {c.randrange(10**8)}_{c.randrange(10**9)} initialized by client WindowsUpdateAgent."
    ),
    lambda c: (
        f"An account was successfully logged on. Subject: Security ID: S-1-5-18 Account Name: HOST$ Logon ID: 0x{c.hex(3)} Logon Type: 5 Logon GUID: {{{c.uuid()}}} Process Name: C:\\Windows\\System32\\services.exe Authentication Package: Negotiate"
    ),
    lambda c: (
        f"EventID 4776: The computer attempted to validate the credentials for an account. Authentication Package: MICROSOFT_AUTHENTICATION_PACKAGE_V1_0 Logon Account: {c.words(1)} Error Code: 0xC000006A"
    ),
    lambda c: f"Windows update package KB{c.digits(7)} {{{c.uuid().upper()}}} staged",
)
CLOUD: tuple[Line, ...] = (
    lambda c: (
        f'nova-compute.log {_day(c)} {_clock(c)}.{c.randrange(999)} {c.randrange(9999)} INFO nova.osapi_compute.wsgi.server [req-{c.uuid()} {c.hex(32)} {c.hex(32)} - - -] {_ip(c)} "GET /v2/{c.hex(32)}/servers/detail HTTP/1.1" status: 200 len: {c.randrange(9999)} time: {c.random():.7f}'
    ),
    lambda c: f"START RequestId: {c.uuid()} Version: $LATEST",
    lambda c: (
        f"REPORT RequestId: {c.uuid()} Duration: {c.random() * 100:.2f} ms Billed Duration: {c.randrange(999)} ms Memory Size: 128 MB Max Memory Used: {c.randrange(128)} MB XRAY TraceId: 1-{c.hex(8)}-{c.hex(24)} SegmentId: {c.hex(16)} Sampled: true"
    ),
    lambda c: (
        f'app/lb/{c.hex(16)} {_ip(c)}:{_port(c)} {_ip(c)}:80 0.000 0.001 0.000 200 200 {c.randrange(999)} {c.randrange(9999)} "GET https://www.example.com:443{_path(c)} HTTP/1.1" "curl/8.4.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:{c.digits(12)}:targetgroup/t/{c.hex(16)} "Root=1-{c.hex(8)}-{c.hex(24)}"'
    ),
    lambda c: (
        f"E, [{_iso(c)} #{c.randrange(9999)}] ERROR -- : [{c.uuid()}] ActionController::InvalidAuthenticityToken (Can't verify CSRF token authenticity.):"
    ),
    lambda c: (
        f'I, [{_iso(c)} #{c.randrange(9999)}]  INFO -- : [{c.uuid()}]   Parameters: {{"page"=>"{c.randrange(99)}", "authenticity_token"=>"[FILTERED]", "user"=>{{"email"=>"{c.words(1)}@example.com", "password"=>"[FILTERED]"}}}}'
    ),
    lambda c: (
        f'{_iso(c)} app[web.{c.randrange(9)}]: at=info method=GET path="{_path(c)}" host=x.example.com request_id={c.uuid()} fwd="{_ip(c)}" dyno=web.1 connect=1ms service={c.randrange(99)}ms status=200 bytes={c.randrange(9999)}'
    ),
    lambda c: (
        f"{_day(c)} {_clock(c)}.{c.randrange(999)}  INFO {c.randrange(9999)} --- [nio-8080-exec-{c.randrange(9)}] o.s.s.web.DefaultSecurityFilterChain : Will secure any request with [org.springframework.security.web.csrf.CsrfFilter@{c.hex(8)}, org.springframework.security.web.authentication.UsernamePasswordAuthenticationFilter@{c.hex(8)}]"
    ),
    lambda c: (
        f"[{_day(c)} {_clock(c)},{c.randrange(999)}: INFO/MainProcess] Task app.tasks.{c.words(2, '_')}[{c.uuid()}] succeeded in {c.random():.12f}s: None"
    ),
    lambda c: (
        f'INFO:     {_ip(c)}:{_port(c)} - "POST /v1/chat/completions HTTP/1.1" 200 OK prompt_tokens={c.randrange(999)} max_tokens={c.randrange(9999)}'
    ),
    lambda c: (
        f"epoch {c.randrange(99)} step {c.randrange(99999)} loss {c.random():.6f} lr {c.random() / 1000:.3e} tokens/s {c.randrange(99999)} grad_norm {c.random():.4f}"
    ),
)
SYSTEMS = {
    "HDFS": HDFS,
    "Apache": APACHE,
    "OpenSSH": OPENSSH,
    "Spark": SPARK,
    "Zookeeper": ZOOKEEPER,
    "nginx": NGINX,
    "systemd": SYSTEMD,
    "kernel": KERNEL,
    "databases": POSTGRES,
    "Kubernetes": KUBERNETES,
    "Windows": WINDOWS,
    "cloud and frameworks": CLOUD,
}


def lines(seed: int, count: int = 10_000) -> list[str]:
    """`count` lines, all templates in turn, with values of their own."""
    chance = Chance(f"{seed} system logs")
    templates = [template for members in SYSTEMS.values() for template in members]
    return [templates[number % len(templates)](chance) for number in range(count)]

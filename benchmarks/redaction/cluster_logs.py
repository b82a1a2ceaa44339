"""Lines of clusters, clouds and application frameworks, written from how they log."""

from __future__ import annotations

from log_parts import Line, block, clock, day, ip, iso, path, port

HDFS: tuple[Line, ...] = (
    lambda c: f"dfs.DataNode$PacketResponder: PacketResponder {c.randrange(3)} for block {block(c)} terminating",
    lambda c: (
        f"dfs.FSNamesystem: BLOCK* NameSystem.addStoredBlock: blockMap updated: {ip(c)}:50010 is added to {block(c)} size {c.randrange(10**8)}"
    ),
    lambda c: f"dfs.DataNode$DataXceiver: Receiving block {block(c)} src: /{ip(c)}:{port(c)} dest: /{ip(c)}:50010",
    lambda c: (
        f"dfs.FSNamesystem: BLOCK* NameSystem.allocateBlock: /user/root/_temporary/_task_{day(c).replace('-', '')}1542_0008_m_{c.randrange(2000):06d}_0/part-{c.randrange(2000):05d}. {block(c)}"
    ),
    lambda c: f"dfs.DataNode: {ip(c)}:50010 Served block {block(c)} to /{ip(c)}",
    lambda c: (
        f"DataNode.clienttrace: src: /{ip(c)}:{port(c)}, dest: /{ip(c)}:50010, bytes: {c.randrange(10**8)}, op: HDFS_WRITE, cliID: DFSClient_NONMAPREDUCE_{c.randrange(10**9)}_1, offset: 0, srvID: {c.uuid()}, blockid: BP-{c.digits(10)}-{ip(c)}-{c.digits(13)}:{block(c)}, duration: {c.randrange(10**9)}"
    ),
    lambda c: (
        f"hdfs.server.namenode.FSNamesystem.audit: allowed=true ugi=hive (auth:SIMPLE) ip=/{ip(c)} cmd=getfileinfo src={path(c)} dst=null perm=null proto=rpc"
    ),
    lambda c: (
        f"security.token.block.BlockTokenSecretManager: Setting block keys. BlockPool = BP-{c.digits(10)}-{ip(c)}-{c.digits(13)}"
    ),
    lambda c: (
        "token.delegation.AbstractDelegationTokenSecretManager: Updating the current master key for generating delegation tokens"
    ),
)
SPARK: tuple[Line, ...] = (
    lambda c: (
        f"17/06/09 {clock(c)} INFO executor.Executor: Running task {c.randrange(99)}.0 in stage {c.randrange(99)}.0 (TID {c.randrange(9999)})"
    ),
    lambda c: (
        f"17/06/09 {clock(c)} INFO storage.MemoryStore: Block broadcast_{c.randrange(99)}_piece0 stored as bytes in memory (estimated size {c.randrange(99)}.{c.randrange(9)} KB, free {c.randrange(999)}.1 KB)"
    ),
    lambda c: (
        f"17/06/09 {clock(c)} INFO spark.SecurityManager: SecurityManager: authentication disabled; ui acls disabled; users with view permissions: Set(yarn, {c.words(1)}); users with modify permissions: Set(yarn, {c.words(1)})"
    ),
    lambda c: (
        f"17/06/09 {clock(c)} INFO python.PythonRunner: Times: total = {c.randrange(99)}, boot = -{c.randrange(99)}, init = {c.randrange(99)}, finish = 0"
    ),
    lambda c: (
        f"17/06/09 {clock(c)} INFO rdd.HadoopRDD: Input split: hdfs://{ip(c)}:9000{path(c)}:{c.randrange(10**8)}+{c.randrange(10**7)}"
    ),
    lambda c: (
        f"24/05/11 {clock(c)} INFO yarn.Client: Application report for application_{c.digits(13)}_{c.randrange(9999):04d} (state: RUNNING) client token: N/A diagnostics: N/A"
    ),
    lambda c: (
        f"24/05/11 {clock(c)} INFO security.HadoopDelegationTokenManager: Updating delegation tokens for current user."
    ),
    lambda c: (
        f"Executor: Starting executor ID {c.randrange(9)} on host mesos-slave-{c.randrange(99)}, tokens renewed: 0"
    ),
)
ZOOKEEPER: tuple[Line, ...] = (
    lambda c: (
        f"{day(c)} {clock(c)},{c.randrange(999)} - INFO  [QuorumPeer[myid={c.randrange(4)}]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: {c.randrange(60000)}"
    ),
    lambda c: (
        f"{day(c)} {clock(c)},{c.randrange(999)} - INFO  [CommitProcessor:1:ZooKeeperServer@595] - Established session 0x{c.hex(15)} with negotiated timeout {c.randrange(40000)} for client /{ip(c)}:{port(c)}"
    ),
    lambda c: (
        f"{day(c)} {clock(c)},{c.randrange(999)} - WARN  [RecvWorker:{c.randrange(10**18)}:QuorumCnxManager$RecvWorker@765] - Interrupting SendWorker"
    ),
    lambda c: (
        f"{day(c)} {clock(c)},{c.randrange(999)} - INFO  [NIOServerCxn.Factory:0.0.0.0/0.0.0.0:2181:NIOServerCnxn@1001] - Closed socket connection for client /{ip(c)}:{port(c)} which had sessionid 0x{c.hex(15)}"
    ),
    lambda c: (
        f"{day(c)} {clock(c)},{c.randrange(999)} - WARN  [NIOServerCxn.Factory:0.0.0.0/0.0.0.0:2181:NIOServerCnxn@354] - caught end of stream exception: Unable to read additional data from client sessionid 0x{c.hex(15)}, likely client has closed socket"
    ),
    lambda c: (
        f"{day(c)} {clock(c)},{c.randrange(999)} - INFO  [SessionTracker:ZooKeeperServer@325] - Expiring session 0x{c.hex(15)}, timeout of {c.randrange(40000)}ms exceeded"
    ),
    lambda c: (
        f"kafka [{day(c)} {clock(c)},{c.randrange(999)}] INFO [GroupCoordinator {c.randrange(9)}]: Member consumer-{c.words(1)}-1-{c.uuid()} in group {c.words(1)} has left (kafka.coordinator.group.GroupCoordinator)"
    ),
)
KUBERNETES: tuple[Line, ...] = (
    lambda c: (
        f"I0511 {clock(c)}.{c.randrange(10**6):06d}       1 controller.go:{c.randrange(999)}] quota admission added evaluator for: {c.words(1)}.apps"
    ),
    lambda c: (
        f'E0511 {clock(c)}.{c.randrange(10**6):06d}    {c.randrange(9999)} pod_workers.go:1300] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CrashLoopBackOff" pod="default/web-{c.hex(10)}-x2b4z" podUID="{c.uuid()}"'
    ),
    lambda c: (
        f'W0511 {clock(c)}.{c.randrange(10**6):06d}       1 reflector.go:424] failed to list *v1.Secret: secrets is forbidden: User "system:serviceaccount:{c.words(1)}:default" cannot list resource "secrets" in API group "" at the cluster scope'
    ),
    lambda c: (
        f'I0511 {clock(c)}.{c.randrange(10**6):06d}    {c.randrange(9999)} reconciler_common.go:253] "operationExecutor.VerifyControllerAttachedVolume started for volume \\"{c.words(1)}-token\\" (UniqueName: \\"kubernetes.io/secret/{c.uuid()}-{c.words(1)}-token\\") pod \\"{c.words(1)}-{c.hex(9)}-2b4cd\\""'
    ),
    lambda c: f'time="{iso(c)}" level=info msg="shim disconnected" id={c.hex(64)} namespace=k8s.io',
    lambda c: (
        f'{{"level":"info","ts":{c.digits(10)}.{c.randrange(10**6)},"logger":"etcd","caller":"mvcc/hash.go:137","msg":"storing new hash","hash":{c.randrange(4 * 10**9)},"revision":{c.randrange(10**6)},"compact-revision":{c.randrange(10**6)}}}'
    ),
    lambda c: (
        f'Normal  Pulled  {c.randrange(9)}m  kubelet  Successfully pulled image "registry.example.com/{c.words(1)}@sha256:{c.hex(64)}" in {c.random():.3f}s'
    ),
    lambda c: f'MountVolume.SetUp succeeded for volume "kube-api-access-{c.chars("bcdfghjklmnpqrstvwxz", 5)}"',
    lambda c: (
        f'level=info ts={iso(c)} caller=head.go:{c.randrange(999)} component=tsdb msg="Head GC completed" duration={c.random() * 9:.9f}ms'
    ),
)
CLOUD: tuple[Line, ...] = (
    lambda c: (
        f'nova-compute.log {day(c)} {clock(c)}.{c.randrange(999)} {c.randrange(9999)} INFO nova.osapi_compute.wsgi.server [req-{c.uuid()} {c.hex(32)} {c.hex(32)} - - -] {ip(c)} "GET /v2/{c.hex(32)}/servers/detail HTTP/1.1" status: 200 len: {c.randrange(9999)} time: {c.random():.7f}'
    ),
    lambda c: f"START RequestId: {c.uuid()} Version: $LATEST",
    lambda c: (
        f"REPORT RequestId: {c.uuid()} Duration: {c.random() * 100:.2f} ms Billed Duration: {c.randrange(999)} ms Memory Size: 128 MB Max Memory Used: {c.randrange(128)} MB XRAY TraceId: 1-{c.hex(8)}-{c.hex(24)} SegmentId: {c.hex(16)} Sampled: true"
    ),
    lambda c: (
        f'app/lb/{c.hex(16)} {ip(c)}:{port(c)} {ip(c)}:80 0.000 0.001 0.000 200 200 {c.randrange(999)} {c.randrange(9999)} "GET https://www.example.com:443{path(c)} HTTP/1.1" "curl/8.4.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:{c.digits(12)}:targetgroup/t/{c.hex(16)} "Root=1-{c.hex(8)}-{c.hex(24)}"'
    ),
    lambda c: (
        f"E, [{iso(c)} #{c.randrange(9999)}] ERROR -- : [{c.uuid()}] ActionController::InvalidAuthenticityToken (Can't verify CSRF token authenticity.):"
    ),
    lambda c: (
        f'I, [{iso(c)} #{c.randrange(9999)}]  INFO -- : [{c.uuid()}]   Parameters: {{"page"=>"{c.randrange(99)}", "authenticity_token"=>"[FILTERED]", "user"=>{{"email"=>"{c.words(1)}@example.com", "password"=>"[FILTERED]"}}}}'
    ),
    lambda c: (
        f'{iso(c)} app[web.{c.randrange(9)}]: at=info method=GET path="{path(c)}" host=x.example.com request_id={c.uuid()} fwd="{ip(c)}" dyno=web.1 connect=1ms service={c.randrange(99)}ms status=200 bytes={c.randrange(9999)}'
    ),
    lambda c: (
        f"{day(c)} {clock(c)}.{c.randrange(999)}  INFO {c.randrange(9999)} --- [nio-8080-exec-{c.randrange(9)}] o.s.s.web.DefaultSecurityFilterChain : Will secure any request with [org.springframework.security.web.csrf.CsrfFilter@{c.hex(8)}, org.springframework.security.web.authentication.UsernamePasswordAuthenticationFilter@{c.hex(8)}]"
    ),
    lambda c: (
        f"[{day(c)} {clock(c)},{c.randrange(999)}: INFO/MainProcess] Task app.tasks.{c.words(2, '_')}[{c.uuid()}] succeeded in {c.random():.12f}s: None"
    ),
    lambda c: (
        f'INFO:     {ip(c)}:{port(c)} - "POST /v1/chat/completions HTTP/1.1" 200 OK prompt_tokens={c.randrange(999)} max_tokens={c.randrange(9999)}'
    ),
    lambda c: (
        f"epoch {c.randrange(99)} step {c.randrange(99999)} loss {c.random():.6f} lr {c.random() / 1000:.3e} tokens/s {c.randrange(99999)} grad_norm {c.random():.4f}"
    ),
)

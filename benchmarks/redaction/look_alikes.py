"""What looks like a secret and is none: it must come back as it was.

Ids, hashes, counts, names that only contain a telling word, sentences about secrets, placeholders, masks, code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chance import Chance, b64

Text = Callable[[Chance], str]
_LOOKS = 3  # values per template


def _float(c: Chance, places: int = 6) -> str:
    return f"{c.random() * 100:.{places}f}"


GENERATED: tuple[Text, ...] = (
    lambda c: f"commit {c.hex(40)} by {c.person()}",
    lambda c: f"{c.hex(7)}..{c.hex(7)} main -> origin/main",
    lambda c: f"HEAD is now at {c.hex(8)} fix token refresh",
    lambda c: f"index {c.hex(7)}..{c.hex(7)} 100644",
    lambda c: f"git diff {c.hex(40)}...{c.hex(40)}",
    lambda c: f"sha256:{c.hex(64)}",
    lambda c: f"Digest: sha256:{c.hex(64)} Status: Downloaded newer image",
    lambda c: f"nginx@sha256:{c.hex(64)}",
    lambda c: f"md5={c.hex(32)} size=1024",
    lambda c: f"sha512-{b64(c.randbytes(64))}",
    lambda c: f'integrity "sha512-{b64(c.randbytes(64))}"',
    lambda c: f'{{"integrity": "sha384-{b64(c.randbytes(48))}"}}',
    lambda c: f"--hash=sha256:{c.hex(64)} \\",
    lambda c: f'checksum = "{c.hex(64)}"',
    lambda c: f"request {c.uuid()} done in 12 ms",
    lambda c: f"trace_id={c.hex(32)} span_id={c.hex(16)}",
    lambda c: f"traceparent: 00-{c.hex(32)}-{c.hex(16)}-01",
    lambda c: f"X-Request-Id: {c.uuid()}",
    lambda c: f"X-Amzn-Trace-Id: Root=1-{c.hex(8)}-{c.hex(24)}",
    lambda c: f"x-amz-request-id: {c.upper32(16)}",
    lambda c: f"x-amz-id-2: {b64(c.randbytes(56))}",
    lambda c: f"correlationId={c.uuid()}",
    lambda c: f"UUID('{c.uuid()}')",
    lambda c: f"{{{c.uuid().upper()}}} registered",
    lambda c: f'ETag: "{c.hex(32)}-5"',
    lambda c: f'If-None-Match: W/"{c.hex(20)}"',
    lambda c: f"Content-MD5: {b64(c.randbytes(16))}",
    lambda c: f"data:image/png;base64,iVBORw0KGgo{c.base64(160)}",
    lambda c: f"data:image/jpeg;base64,/9j/4AAQSkZJRg{c.base64(120)}==",
    lambda c: f'<img src="data:image/gif;base64,R0lGODlh{c.base64(80)}"/>',
    lambda c: f"thumbnail: R0lGODlh{c.base64(90)}",
    lambda c: f"font/woff2;base64,d09GMgAB{c.base64(120)}",
    lambda c: f"blob {b64(c.randbytes(60))} stored",
    lambda c: f"vector={c.hex(96)}",
    lambda c: f"pod web-{c.hex(10)}-{c.chars('bcdfghjklmnpqrstvwxz2456789', 5)} is Running",
    lambda c: f"replicaset.apps/api-gateway-{c.hex(9)} scaled to 3",
    lambda c: f"container {c.hex(12)} exited with 0",
    lambda c: f"docker-pullable://k8s.gcr.io/pause@sha256:{c.hex(64)}",
    lambda c: f"projected volume kube-api-access-{c.chars('bcdfghjklmnpqrstvwxz', 5)}",
    lambda c: f"arn:aws:iam::{c.digits(12)}:role/deploy",
    lambda c: f"arn:aws:secretsmanager:eu-west-1:{c.digits(12)}:secret:prod/db-{c.alnum(6)}",
    lambda c: f"i-{c.hex(17)} in subnet-{c.hex(17)}",
    lambda c: f"s3://bucket/year=2024/month=05/part-{c.randrange(99999):05d}-{c.uuid()}.snappy.parquet",
    lambda c: f"s3 key uploads/{c.hex(2)}/{c.hex(32)}.jpg",
    lambda c: f"projects/p1/locations/eu/keyRings/main/cryptoKeys/disk/cryptoKeyVersions/{c.randrange(9)}",
    lambda c: f"order {_not_luhn(c)} shipped",
    lambda c: f"invoice {c.digits(10)} of 2024",
    lambda c: f"tracking number 1Z{c.alnum(16).upper()}",
    lambda c: f"ts={1_700_000_000_000 + c.randrange(10**10)}",
    lambda c: f"epoch {1_700_000_000 + c.randrange(10**7)}",
    lambda c: f"epoch_us={1_700_000_000_000_000 + c.randrange(10**13)}",
    lambda c: f"epoch_ns={1_700_000_000_000_000_000 + c.randrange(10**16)}",
    lambda c: f'"timestamp": {1_700_000_000_000 + c.randrange(10**10)}, "n": 2',
    lambda c: f"price: {c.randrange(1, 9999)}.{c.randrange(10, 99)} EUR",
    lambda c: f"loss={_float(c, 12)} grad_norm={_float(c, 12)}",
    lambda c: f"lat={_float(c, 14)} lon=-{_float(c, 14)}",
    lambda c: f"snowflake {c.randrange(10**17, 10**18)}",
    lambda c: f"phone +1 (555) {c.randrange(100, 999)}-{c.randrange(1000, 9999)}",
    lambda c: f"call 0{c.digits(3)} {c.digits(7)} today",
    lambda c: f"ISBN 978-{c.randrange(1, 9)}-{c.digits(2)}-{c.digits(6)}-{c.randrange(9)}",
    lambda c: f"ISSN {c.digits(4)}-{c.digits(4)}",
    lambda c: f"doi:10.{c.digits(4)}/j.cell.2024.0{c.randrange(9)}.{c.digits(3)}",
    lambda c: (
        f"client {c.randrange(1, 255)}.{c.randrange(255)}.{c.randrange(255)}.{c.randrange(255)}:{c.randrange(1024, 65535)}"
    ),
    lambda c: f"fe80::{c.hex(4)}:{c.hex(4)}:{c.hex(4)}:{c.hex(4)} dev eth0",
    lambda c: f"mac {':'.join(c.hex(2) for _ in range(6))}",
    lambda c: f"certificate fingerprint {':'.join(c.hex(2).upper() for _ in range(20))}",
    lambda c: f"SHA256:{b64(c.randbytes(32), pad=False)} key fingerprint (ED25519)",
    lambda c: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{c.base64(43)} bob@host",
    lambda c: f"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{c.base64(200)} bob@host",
    lambda c: f"-----BEGIN CERTIFICATE-----\nMIID{c.base64(60)}\n{c.base64(64)}\n-----END CERTIFICATE-----",
    lambda c: f"-----BEGIN PUBLIC KEY-----\nMIIB{c.base64(60)}\n-----END PUBLIC KEY-----",
    lambda c: f"version 1.{c.randrange(99)}.{c.randrange(99)}+build.{c.hex(7)}",
    lambda c: f"build-id[sha1]={c.hex(40)}, stripped",
    lambda c: f"0x{c.hex(16)} in malloc () from /lib64/libc.so.6",
    lambda c: f"<object at 0x7f{c.hex(10)}>",
    lambda c: f"rip: 0010:[<ffffffff{c.hex(8)}>] do_page_fault+0x{c.hex(3)}/0x520",
    lambda c: f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{c.randrange(90, 130)}.0.0.0 Safari/537.36",
    lambda c: f"/usr/lib/python3.12/site-packages/pkg-{c.randrange(9)}.{c.randrange(9)}.dist-info/RECORD",
    lambda c: f"/nix/store/{c.chars('0123456789abcdfghijklmnpqrsvwxyz', 32)}-openssl-3.0.13",
    lambda c: f"background: #{c.hex(6)}; color: #{c.hex(3)}; margin: 0 -{c.randrange(9)}px",
    lambda c: f".css-{c.alnum(7)}{{display:flex}}",
    lambda c: f"main.{c.hex(20)}.js 182 kB",
    lambda c: f"chunk-{c.alnum(8).upper()}.mjs",
    lambda c: f"session_timeout={c.randrange(60, 9000)}",
    lambda c: f"session_id={c.uuid()}",
    lambda c: f"browserSessionId: {c.uuid()}",
    lambda c: f"user_id={c.digits(9)} account_id={c.digits(12)}",
    lambda c: f"token_count={c.randrange(99999)} tokens_per_second={_float(c, 2)}",
    lambda c: f"max_tokens: {c.randrange(99999)}",
    lambda c: f"prompt_tokens={c.randrange(9999)} completion_tokens={c.randrange(9999)}",
    lambda c: f'"usage": {{"input_tokens": {c.randrange(9999)}, "output_tokens": {c.randrange(999)}}}',
    lambda c: f"next_page_token={c.alnum(20)}",
    lambda c: f"continuation_token: {c.alnum(30)}",
    lambda c: "cursor=" + b64('{"id":' + c.digits(6) + ',"p":2}'),
    lambda c: f"idempotency_key={c.uuid()}",
    lambda c: f"Idempotency-Key: {c.uuid()}",
    lambda c: f"cache_key=user:{c.digits(5)}:profile:v2",
    lambda c: f"partition_key={c.person()} sort_key={c.digits(8)}",
    lambda c: f"primary_key={c.digits(5)} foreign_key=orders.id",
    lambda c: f"bucket_key: {c.hex(16)}",
    lambda c: f"object_key=img/{c.hex(16)}.png",
    lambda c: f"tool_call_id=call_{c.alnum(24)}",
    lambda c: f"message_id=msg_{c.alnum(24)} run=run_{c.alnum(24)}",
    lambda c: f"evt_{c.alnum(24)} charge ch_{c.alnum(24)} customer cus_{c.alnum(14)}",
    lambda c: f"pk_live_{c.alnum(24)}",
    lambda c: f"tokenizationId: '{c.hex(32)}'",
    lambda c: f"credentialsId=prod-{c.digits(3)}",
    lambda c: f"kid={c.hex(40)}",
    lambda c: f"jti: {c.uuid()}",
    lambda c: f"Sec-WebSocket-Accept: {b64(c.randbytes(20))}",
    lambda c: f"cid=Qm{c.alnum(44)}",
    lambda c: f"tx 0x{c.hex(64)} mined in block {c.digits(8)}",
    lambda c: f"address 0x{c.hex(40)}",
    lambda c: f"bc1q{c.chars('023456789acdefghjklmnpqrstuvwxyz', 38)}",
    lambda c: f"MantleAPI_version={c.hex(40)}",
    lambda c: f"datadogmetric-{c.hex(40)}",
    lambda c: f"WARNING: skipping {c.words(4, '_')}_{c.words(3, '_')}",
    lambda c: f"running {c.words(4, '-')}-{c.words(2, '-')}-{c.randrange(99)}",
    lambda c: f"module com.example.{c.words(3, '.')}.{c.words(1).capitalize()}Factory",
    lambda c: f"https://example.com/{c.words(3, '/')}?utm_source={c.words(1)}&id={c.digits(8)}",
    lambda c: f"GET /static/js/{c.hex(20)}.chunk.js?v={c.hex(8)} 200",
    lambda c: f"https://cdn.example.com/v1/{c.uuid()}/video.m3u8?expires=1700000000",
    lambda c: f"https://www.youtube.com/watch?v={c.word(11)}",
    lambda c: f"https://{c.host()}:8443/health?user={c.person()}@example.com",
    lambda c: f"ssh://git@github.com/{c.words(1)}/{c.words(1)}.git",
    lambda c: f"git@github.com:{c.words(1)}/{c.words(1)}.git",
    lambda c: f"postgres://{c.person()}@{c.host()}/main",
    lambda c: f"{c.person()}@example.com logged in",
    lambda c: f"password_changed_at=2024-05-1{c.randrange(9)}T00:00:00Z",
    lambda c: f"token_expires_in={c.randrange(9999)}",
    lambda c: f"access_token_ttl: {c.randrange(9999)}s",
    lambda c: f"secret_version={c.randrange(99)}",
    lambda c: f"api_key_id={c.alnum(12)}",
    lambda c: f"key_id=key_{c.alnum(16)}",
    lambda c: f"pin=GPIO{c.randrange(40)}",
    lambda c: f"tests pass={c.randrange(99)} fail={c.randrange(9)}",
    lambda c: f"model={c.words(1)}-{c.randrange(9)}b-instruct-v0.{c.randrange(9)}-{c.digits(8)}",
    lambda c: f"/models/meta-llama/Llama-3.{c.randrange(9)}-70B-Instruct/snapshots/{c.hex(40)}",
    lambda c: f"s.{c.words(2, '')}{c.words(2, '')}()",
)


def _not_luhn(c: Chance) -> str:
    number = c.digits(16)
    total = sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(number)))
    return number if total % 10 else number[:-1] + str((int(number[-1]) + 1) % 10)


WRITTEN = Path(__file__).with_name("look_alikes.txt").read_text("utf-8").splitlines()

FIELDS: tuple[Callable[[Chance], dict[str, Any]], ...] = (
    lambda c: {"token_count": c.randrange(9999), "max_tokens": 4096, "tokens": 12},
    lambda c: {"user_id": c.uuid(), "session_id": c.uuid(), "author": c.person()},
    lambda c: {"trace_id": c.hex(32), "span_id": c.hex(16), "commit": c.hex(40)},
    lambda c: {"ts": 1_700_000_000_000 + c.randrange(10**10), "price": 12.5, "ok": True, "none": None},
    lambda c: {"password": None, "token": "", "secret": False, "api_key": "***"},
    lambda c: {"has_password": True, "password_policy": "strong", "token_type": "bearer"},
    lambda c: {"etag": c.hex(32), "key": f"img/{c.hex(16)}.png", "bucket_key": c.hex(8)},
    lambda c: {"usage": {"input_tokens": 12, "output_tokens": 9, "total_tokens": 21}},
    lambda c: {"pods": [{"name": f"web-{c.hex(10)}-x2b4z", "image": f"nginx@sha256:{c.hex(64)}"}]},
    lambda c: {"primary_key": c.digits(6), "partition_key": c.person(), "cache_key": f"u:{c.digits(4)}"},
    lambda c: {
        "order": c.digits(10),
        "phone": "+1 555 0100",
        "epoch_ns": 1_700_000_000_000_000_000 + c.randrange(10**16),
    },
    lambda c: {"secret_name": "prod/db", "credentials_id": "ci-1", "access_key_rotated_at": "2024-05-11"},
)


def texts(seed: int) -> list[str]:
    chance = Chance(f"{seed} look-alikes")
    made = [build(chance) for build in GENERATED for _ in range(_LOOKS)]
    return made + WRITTEN


def records(seed: int) -> list[dict[str, Any]]:
    chance = Chance(f"{seed} look-alike records")
    return [build(chance) for build in FIELDS for _ in range(_LOOKS)]

"""Secrets in files that end up in logs: private keys, credentials files, Kubernetes objects, dumps of configuration."""

from __future__ import annotations

import json
from collections.abc import Callable

from chance import Chance, b64
from keyed import KEYED
from kinds import TOKENS
from marks import either
from marks import secret as s

Template = Callable[[Chance], str]


def _pw(c: Chance) -> str:
    return KEYED[c.choice(("password", "password-letters", "credential"))][1](c)


_LABELS = ("RSA ", "EC ", "", "OPENSSH ", "ENCRYPTED ", "DSA ")


def _key(c: Chance, joint: str, *, whole: bool = True, label: str | None = None) -> str:
    name = (c.choice(_LABELS) if label is None else label) + "PRIVATE" + " KEY"
    body = joint.join(c.base64(64) for _ in range(6)) + joint + c.base64(30) + "=="
    end = f"{either(joint)}-----END {name}-----" if whole else ""
    return f"-----BEGIN {name}-----{either(joint)}{s(body)}{end}"


FILES: dict[str, Template] = {
    "PEM": lambda c: f"loaded key:\n{_key(c, chr(10))}\nfrom disk",
    "PEM escaped": lambda c: f'{{"private_key": "{_key(c, chr(92) + "n")}", "client_id": "7"}}',
    "PEM twice escaped": lambda c: (
        f'{{"body": "{{\\"private_key\\": \\"{_key(c, chr(92) * 2 + "n")}\\", \\"n\\": 1}}"}}'
    ),
    "PEM truncated": lambda c: f"key is {_key(c, chr(10), whole=False)}",
    "PEM on one line": lambda c: f"KEY='{_key(c, ' ')}' next",
    "PEM indented": lambda c: f"tls:\n  key: |\n    {_key(c, chr(10) + '    ')}\n  port: 1",
    "PEM windows": lambda c: f"{_key(c, chr(13) + chr(10))}\r\nok",
    "PGP": lambda c: (
        "-----BEGIN PGP PRIVATE"
        f" KEY BLOCK-----{either(chr(10) * 2)}{s(c.base64(64) + chr(10) + c.base64(64) + chr(10) + '=' + c.base64(4))}{either(chr(10))}-----END PGP PRIVATE"
        " KEY BLOCK-----"
    ),
    "netrc": lambda c: f"machine api.example.com login {c.person()} password {s(_pw(c))}",
    "npmrc": lambda c: f"//registry.npmjs.org/:_authToken={s(c.uuid())}\nalways-auth=true",
    "npmrc basic": lambda c: f"//npm.acme.io/:_password={s(b64(_pw(c)))}\n//npm.acme.io/:username=bob",
    "pypirc": lambda c: f"[pypi]\nusername = __token__\npassword = {s(TOKENS['pypi'][1](c))}\n",
    "docker config": lambda c: json.dumps(
        {"auths": {"ghcr.io": {"auth": s(b64(f"bob:{c.alnum(16)}"))}}}, ensure_ascii=False
    ),
    "aws credentials": lambda c: (
        f"[default]\naws_access_key_id = {s(TOKENS['aws-access-key'][1](c))}\naws_secret_access_key = {s(c.base64(40))}\nregion = eu-west-1"
    ),
    "aws pair, no names": lambda c: f"creds {s(TOKENS['aws-access-key'][1](c))} {s(c.base64(40))} eu-west-1",
    "aws pair as csv": lambda c: (
        f"User,Access key ID,Secret access key\nbob,{s(TOKENS['aws-access-key'][1](c))},{s(c.base64(40))}"
    ),
    "otpauth": lambda c: f"otpauth://totp/Acme:bob?secret={s(c.upper32(32))}&issuer=Acme",
    "kubernetes secret": lambda c: (
        f"kind: Secret\ndata:\n  password: {s(b64(c.alnum(18)))}\n  api-key: {s(b64(c.alnum(30)))}\n"
    ),
    "kubeconfig": lambda c: (
        f"users:\n- name: admin\n  user:\n    client-key-data: {s(b64(c.randbytes(200)))}\n    token: {s(c.word(60))}\n"
    ),
    "service account": lambda c: json.dumps(
        {
            "type": "service_account",
            "private_key_id": either(c.hex(40)),
            "private_key": _key(c, "\n", label=""),
            "client_email": "a@b.iam",
        },
        ensure_ascii=False,
    ),
    "ldif": lambda c: f"dn: uid=bob\nuserPassword: {s(_pw(c))}\nmail: b@x",
    "mnemonic": lambda c: f'mnemonic: "{s(c.words(12))}"',
    "seed phrase": lambda c: f"seed phrase = {s(c.words(12))}\nnetwork = main",
    "wpa": lambda c: f'network={{ ssid="home" psk="{s(c.words(2) + c.digits(3))}" }}',
    "htdigest line": lambda c: f"requirepass {s(c.alnum(24))}\nport 6379",
}

"""Kinds of secrets that are a piece of structure: URLs, headers, cookies, connection strings, signed URLs, SQL, files."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

from chance import Chance, b64
from files import FILES
from keyed import KEYED
from kinds import TOKENS
from marks import either
from marks import secret as s

Template = Callable[[Chance], str]


def _pw(c: Chance) -> str:
    return KEYED[c.choice(("password", "password-letters", "credential"))][1](c)


def _urlsafe(c: Chance) -> str:
    return c.choice(
        (
            _pw(c),
            c.alnum(3) + c.choice("!$*-_.~=+") + c.alnum(7),
            quote(c.alnum(4) + c.choice("@:/?#&%") + c.alnum(5), safe=""),
        )
    )


def _token(c: Chance) -> str:
    return TOKENS[c.choice(("github-pat", "gitlab-pat", "npm", "jwt"))][1](c)


URLS: dict[str, Template] = {
    **{
        f"{scheme} password": lambda c, scheme=scheme, rest=rest: (
            f"connecting to {scheme}://{c.person()}:{s(_urlsafe(c))}@{c.host()}{rest} (pool 5)"
        )
        for scheme, rest in {
            "postgres": ":5432/main",
            "postgresql+psycopg2": "/main?sslmode=require",
            "mysql": ":3306/app",
            "mongodb+srv": "/?retryWrites=true",
            "amqp": ":5672/%2Fvhost",
            "https": "/repo.git",
            "ftp": "/pub",
            "smtp": ":587",
            "redis": ":6379/0",
            "clickhouse": ":9000/default",
            "nats": ":4222",
            "ldap": "/dc=example",
            "mssql+pyodbc": "/db?driver=ODBC+Driver+17",
            "sftp": "/in",
            "socks5": ":1080",
            "kafka": ":9092",
        }.items()
    },
    "password, no user": lambda c: f"redis://:{s(_urlsafe(c))}@{c.host()}:6379/0",
    "password, no path": lambda c: f"broker=amqps://guest:{s(_pw(c))}@{c.host()}",
    "password with @": lambda c: f"postgres://app:{s(c.alnum(4) + '@' + c.alnum(5))}@{c.host()}/main",
    "several hosts": lambda c: f"mongodb://app:{s(_urlsafe(c))}@a.example:27017,b.example:27017/db?replicaSet=rs0",
    "in json": lambda c: json.dumps(
        {"DATABASE_URL": f"postgres://u:{s(_urlsafe(c))}@{c.host()}/x"}, ensure_ascii=False
    ),
    "in a sentence": lambda c: f"Could not reach https://{c.person()}:{s(_pw(c))}@{c.host()}/api, retrying.",
    "percent-encoded url": lambda c: f"?db=postgres%3A%2F%2F{c.person()}%3A{s(_pw(c))}%40{'db.internal'}%2Fmain&x=1",
    "token as user": lambda c: f"fatal: could not read from https://{s(_token(c))}@github.com/acme/app.git",
    "token as password": lambda c: f"git clone https://x-access-token:{s(_token(c))}@github.com/acme/app.git",
    "token as password, oauth2": lambda c: f"Cloning https://oauth2:{s(_token(c))}@gitlab.com/acme/app",
    "git credentials": lambda c: f"https://{c.person()}:{s(_pw(c))}@git.example.com\n",
    "jdbc with password": lambda c: f"jdbc:postgresql://{c.host()}/app?user=app&password={s(_pw(c))}&ssl=true",
    "jdbc with semicolons": lambda c: (
        f"jdbc:sqlserver://{c.host()}:1433;databaseName=app;user=sa;password={s(_pw(c))};encrypt=true"
    ),
    "oracle thin": lambda c: f"jdbc:oracle:thin:scott/{s(_pw(c))}@{c.host()}:1521:XE",
    "repr of a url": lambda c: f"URL('https://{c.person()}:{s(_pw(c))}@{c.host()}/x')",
    "proxy variable": lambda c: f"HTTPS_PROXY=http://{c.person()}:{s(_urlsafe(c))}@proxy.corp:3128",
    "proxies repr": lambda c: f"{{'https': 'http://{c.person()}:{s(_pw(c))}@proxy.corp:3128'}}",
    "sentry dsn": lambda c: f"dsn=https://{c.hex(32)}:{s(c.hex(32))}@sentry.example.com/42",
}

HEADERS: dict[str, Template] = {
    "Basic": lambda c: f"Authorization: Basic {s(b64(f'{c.person()}:{_pw(c)}'))}",
    "basic in a dict": lambda c: f"{{'authorization': 'Basic {s(b64(f'{c.person()}:{_pw(c)}'))}', 'accept': '*/*'}}",
    "Proxy-Authorization": lambda c: (
        f"Proxy-Authorization: Basic {s(b64(f'{c.person()}:{_pw(c)}'))}\r\nHost: {c.host()}"
    ),
    "Bearer opaque": lambda c: f"> Authorization: Bearer {s(c.word(40))}",
    "bearer in tuples": lambda c: f"[('host', 'x'), ('authorization', 'Bearer {s(c.word(32))}')]",
    "bearer in bytes": lambda c: f"(b'authorization', b'Bearer {s(c.alnum(40))}')",
    "bearer escaped": lambda c: f"'GET / HTTP/1.1\\r\\nAuthorization: Bearer {s(c.word(40))}\\r\\nHost: x\\r\\n'",
    "bearer percent-encoded": lambda c: f"headers=Authorization%3A%20Bearer%20{s(c.alnum(40))}&x=1",
    "bearer alone": lambda c: f"sending bearer {s(c.alnum(36))} upstream",
    "token scheme": lambda c: f"authorization: token {s(c.hex(40))}",
    "ApiKey scheme": lambda c: f"Authorization: ApiKey {s(b64(c.alnum(30)))}",
    "raw authorization": lambda c: f"authorization={s(c.hex(40))}",
    "Digest": lambda c: (
        f'Authorization: Digest username="bob", realm="api", nonce="{either(c.hex(16))}", uri="/x", response="{s(c.hex(32))}"'
    ),
    "SigV4": lambda c: (
        f"Authorization: AWS4-HMAC-SHA256 Credential={s(TOKENS['aws-access-key'][1](c))}/20240511/eu-west-1/s3/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={s(c.hex(64))}"
    ),
    "SharedKey": lambda c: f"Authorization: SharedKey myaccount:{s(b64(c.randbytes(32)))}",
    "SAS header": lambda c: (
        f"Authorization: SharedAccessSignature sr=myhub&sig={s(quote(b64(c.randbytes(32)), safe=''))}&se=1700000000"
    ),
    "curl -u": lambda c: f"curl -u {c.person()}:{s(_pw(c))} https://{c.host()}/x",
    "curl --user": lambda c: f"curl --silent --user '{c.person()}:{s(_pw(c))}' https://{c.host()}/x",
    "curl -H bearer": lambda c: f'curl -H "Authorization: Bearer {s(c.word(40))}" https://{c.host()}/x',
    "Cookie": lambda c: f"Cookie: sessionid={s(c.alnum(32))}; csrftoken={s(c.alnum(32))}",
    "Set-Cookie": lambda c: (
        f"Set-Cookie: sid={s(c.alnum(32))}; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; SameSite=Lax"
    ),
    "cookie in a dict": lambda c: f"{{'cookie': 'session={s(c.alnum(40))}', 'host': '{c.host()}'}}",
    "set-cookie json": lambda c: json.dumps(
        {"set-cookie": [f"id={s(c.alnum(32))}; Secure; Max-Age=3600"]}, ensure_ascii=False
    ),
    "curl -b": lambda c: f"curl -b 'session={s(c.alnum(32))}' https://{c.host()}/",
    "signed cookie": lambda c: f"cookie: connect.sid={s('s%3A' + c.alnum(32) + '.' + c.alnum(43))}",
    "websocket protocol": lambda c: f"Sec-WebSocket-Protocol: bearer, {s(TOKENS['jwt'][1](c))}",
    "X-Amz-Security-Token": lambda c: f"X-Amz-Security-Token: {s('IQoJb3JpZ2luX2VjE' + c.base64(200))}",
}

SIGNED: dict[str, Template] = {
    "Azure SAS": lambda c: (
        f"https://acct.blob.core.windows.net/c/b.txt?sv=2022-11-02&se=2024-06-01T00%3A00%3A00Z&sr=b&sp=r&sig={s(quote(b64(c.randbytes(32)), safe=''))}"
    ),
    "Azure SAS, signature first": lambda c: (
        f"PUT /c/b?sig={s(quote(b64(c.randbytes(32)), safe=''))}&sv=2022-11-02&sp=rw 201"
    ),
    "S3 presigned": lambda c: (
        f"https://b.s3.amazonaws.com/k.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={s(TOKENS['aws-access-key'][1](c))}%2F20240511%2Feu-west-1%2Fs3%2Faws4_request"
        f"&X-Amz-Date=20240511T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={s(c.hex(64))}"
    ),
    "S3 with session": lambda c: (
        f"GET /k?X-Amz-Security-Token={s(quote('IQoJb3JpZ2luX2VjE' + c.base64(180), safe=''))}&X-Amz-Signature={s(c.hex(64))}"
    ),
    "S3 version 2": lambda c: (
        f"https://b.s3.amazonaws.com/k?AWSAccessKeyId={s(TOKENS['aws-access-key'][1](c))}&Expires=1700000000&Signature={s(quote(b64(c.randbytes(20)), safe=''))}"
    ),
    "GCS": lambda c: (
        f"https://storage.googleapis.com/b/o?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Expires=900&X-Goog-Signature={s(c.hex(512))}"
    ),
    "CloudFront": lambda c: (
        f"https://d1.cloudfront.net/x.mp4?Expires=1700000000&Signature={s(c.alnum(120) + '~' + c.alnum(220) + '__')}&Key-Pair-Id=K2JCJMDEHXQW5F"
    ),
    "signed url percent-encoded": lambda c: (
        f"?u=https%3A%2F%2Fb.s3.amazonaws.com%2Fk%3FX-Amz-Expires%3D900%26X-Amz-Signature%3D{s(c.hex(64))}&n=1"
    ),
    "SAS token alone": lambda c: (
        f"sas=?sv=2022-11-02&ss=b&srt=co&sp=rl&se=2024-06-01&sig={s(quote(b64(c.randbytes(32)), safe=''))}"
    ),
    "api key in url": lambda c: f"https://maps.example.com/geocode?address=x&key={s(TOKENS['gcp-api-key'][1](c))}",
    "access token in url": lambda c: f"GET https://graph.example.com/me?access_token={s(c.alnum(60))}&fields=id",
    "password reset url": lambda c: f"mail sent: https://app.example.com/reset?token={s(c.word(32))}&lang=en",
    "telegram url": lambda c: f"POST https://api.telegram.org/bot{s(TOKENS['telegram'][1](c))}/sendMessage",
    "slack webhook": lambda c: (
        f"posting to https://hooks.slack.com/services/T{c.upper32(8)}/B{c.upper32(10)}/{s(c.alnum(24))}"
    ),
    "discord webhook": lambda c: f"https://discord.com/api/webhooks/{c.digits(18)}/{s(c.word(68))}",
    "teams webhook": lambda c: (
        f"https://acme.webhook.office.com/webhookb2/{c.uuid()}@{c.uuid()}/IncomingWebhook/{s(c.hex(32))}/{c.uuid()}"
    ),
}

CONNECTIONS: dict[str, Template] = {
    "ADO.NET": lambda c: f"Server=tcp:{c.host()},1433;Initial Catalog=app;User ID=sa;Password={s(_pw(c))};Encrypt=True",
    "ODBC": lambda c: f"DRIVER={{ODBC Driver 18}};SERVER={c.host()};UID=sa;PWD={s(_pw(c))}",
    "ODBC braces": lambda c: (
        f"DRIVER={{ODBC Driver 18}};SERVER={c.host()};UID=sa;PWD={{{s(c.alnum(5) + ';' + c.alnum(4))}}};Encrypt=yes"
    ),
    "storage account": lambda c: (
        f"DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={s(b64(c.randbytes(64)))};EndpointSuffix=core.windows.net"
    ),
    "service bus": lambda c: (
        f"Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={s(b64(c.randbytes(32)))}"
    ),
    "iot hub": lambda c: f"HostName=h.azure-devices.net;DeviceId=d1;SharedAccessKey={s(b64(c.randbytes(32)))}",
    "app configuration": lambda c: f"Endpoint=https://a.azconfig.io;Id=ab-l0-s0;Secret={s(b64(c.randbytes(32)))}",
    "cosmos": lambda c: f"AccountEndpoint=https://a.documents.azure.com:443/;AccountKey={s(b64(c.randbytes(64)))};",
    "azure redis": lambda c: (
        f"c.redis.cache.windows.net:6380,password={s(b64(c.randbytes(32)))},ssl=True,abortConnect=False"
    ),
    "libpq": lambda c: f"host={c.host()} port=5432 dbname=app user=app password={s(_pw(c))} sslmode=require",
    "libpq quoted": lambda c: f"dbname=app user=app password='{s(c.alnum(5) + ' ' + c.alnum(4))}' host={c.host()}",
    "in a dict": lambda c: f"{{'ConnectionString': 'Server={c.host()};Uid=app;Pwd={s(_pw(c))};'}}",
    "rabbit": lambda c: f"virtualHost=/;username=app;password={s(_pw(c))};host={c.host()}",
    "ldap": lambda c: f"ldap: host={c.host()} binddn=cn=app bindpw={s(_pw(c))}",
    "kafka jaas": lambda c: (
        f'org.apache.kafka.common.security.plain.PlainLoginModule required username="app" password="{s(_pw(c))}";'
    ),
    "snowflake": lambda c: f"account=xy1;user=app;password={s(_pw(c))};db=D;warehouse=W",
}

GROUPS = {"url": URLS, "header": HEADERS, "signed url": SIGNED, "connection string": CONNECTIONS, "file": FILES}

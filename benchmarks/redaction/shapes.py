"""The shapes that a name and a value are logged in. Each takes a name and a value and gives a marked text.

A shape in `NAMED` says what the value is; one in `BARE` does not, so that the value's own form has to.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

from chance import Chance
from marks import secret as s

Shape = Callable[[Chance, str, str], str]


def camel(name: str) -> str:
    first, *rest = name.replace("-", "_").split("_")
    return first + "".join(word.capitalize() for word in rest) if rest else name


def upper(name: str) -> str:
    return name.replace("-", "_").upper()


def header(name: str) -> str:
    return "-".join(word.capitalize() for word in name.replace("-", "_").split("_"))


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _stamp(c: Chance) -> str:
    return f"2024-0{c.randrange(1, 9)}-1{c.randrange(9)} 1{c.randrange(9)}:0{c.randrange(9)}:{c.randrange(10, 59)},{c.randrange(100, 999)}"


def _traceback(c: Chance, k: str, v: str) -> str:
    return (
        'Traceback (most recent call last):\n  File "/app/client.py", line 42, in connect\n'
        f"    session.login(user, {k})\n      host = '{c.host()}'\n      {k} = '{s(v)}'\n      retries = 3\n"
        "ConnectionError: server closed the connection"
    )


def _rich(c: Chance, k: str, v: str) -> str:
    return f"│ ╭──── locals ────╮ │\n│ │ host = '{c.host()}' │\n│ │ {k} = '{s(v)}' │ │\n│ ╰────────────────╯"


def _request(c: Chance, k: str, v: str) -> str:
    return f"POST /v1/login HTTP/1.1\r\nHost: {c.host()}\r\n{header(k)}: {s(v)}\r\nContent-Length: 12\r\n\r\nhello"


def _multipart(c: Chance, k: str, v: str) -> str:
    return f'--xyz\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{s(v)}\r\n--xyz\r\nContent-Disposition: form-data; name="page"\r\n\r\n2'


NAMED: dict[str, Shape] = {
    "key=value": lambda c, k, v: f"login of {c.person()} with {k}={s(v)} failed after {c.randrange(9)} tries",
    "key=value first": lambda c, k, v: f"{k}={s(v)}",
    "key='value'": lambda c, k, v: f"using {k}='{s(v)}' for {c.host()}",
    'key="value"': lambda c, k, v: f'retry=2 {k}="{s(v)}" host={c.host()}',
    "key = value": lambda c, k, v: f"{k} = {s(v)}\nhost = {c.host()}",
    "key: value": lambda c, k, v: f"{k}: {s(v)}",
    "key: value in a sentence": lambda c, k, v: f"started worker 4 with {k}: {s(v)}, region: eu-west-1",
    "logfmt": lambda c, k, v: f'level=info msg="client ready" {k}={s(v)} user={c.person()} took=12ms',
    "key -> value": lambda c, k, v: f"settings: host -> {c.host()}, {k} -> {s(v)}",
    "ruby hash": lambda c, k, v: f'Parameters: {{"user"=>"{c.person()}", "{k}"=>"{s(v)}", "commit"=>"Log in"}}',
    "php array": lambda c, k, v: f"Array\n(\n    [user] => {c.person()}\n    [{k}] => {s(v)}\n    [page] => 2\n)",
    "go struct": lambda c, k, v: f"cfg={{Host:{c.host()} {camel(k)[0].upper() + camel(k)[1:]}:{s(v)} Port:5432}}",
    "go map": lambda c, k, v: f"headers map[{k}:{s(v)} user:{c.person()}]",
    "javascript": lambda c, k, v: f"createClient({{ host: '{c.host()}', {camel(k)}: '{s(v)}', retries: 3 }})",
    "rust debug": lambda c, k, v: f'Config {{ host: "{c.host()}", {k}: Some("{s(v)}"), port: 5432 }}',
    "python call": lambda c, k, v: f"connect(host='{c.host()}', {k}='{s(v)}', timeout=30)",
    "python source": lambda c, k, v: f'{upper(k)} = "{s(v)}"  # production',
    "python f-string debug": lambda c, k, v: f"{k}='{s(v)}' user='{c.person()}'",
    "dict repr": lambda c, k, v: f"config: {{'host': '{c.host()}', '{k}': '{s(v)}', 'port': 5432}}",
    "nested dict repr": lambda c, k, v: f"{{'db': {{'user': '{c.person()}', '{k}': '{s(v)}'}}, 'debug': False}}",
    "dataclass repr": lambda c, k, v: f"Settings(host='{c.host()}', {k}='{s(v)}', pool=Pool(size=5))",
    "pydantic error": lambda c, k, v: (
        f"1 validation error for Login\nuser\n  Field required [type=missing, input_value={{'{k}': '{s(v)}'}}, input_type=dict]"
    ),
    "namedtuple repr": lambda c, k, v: f"Account(id=7, {k}='{s(v)}')",
    "bytes dict repr": lambda c, k, v: f"headers {{b'host': b'{c.host()}', b'{k}': b'{s(v)}'}}",
    "header tuples": lambda c, k, v: f"[('accept', '*/*'), ('{k}', '{s(v)}'), ('host', '{c.host()}')]",
    "header bytes tuples": lambda c, k, v: f"[(b'accept', b'*/*'), (b'{k.lower()}', b'{s(v)}')]",
    "name and value": lambda c, k, v: _dumps([{"name": "HOST", "value": c.host()}, {"name": upper(k), "value": s(v)}]),
    "json": lambda c, k, v: _dumps({"user": c.person(), k: s(v), "ok": True}),
    "json compact": lambda c, k, v: "body " + _compact({k: s(v), "n": 3}),
    "json camel case": lambda c, k, v: _compact({"userId": 7, camel(k): s(v)}),
    "json pretty": lambda c, k, v: json.dumps(
        {"host": c.host(), k: s(v), "tags": ["a", "b"]}, indent=2, ensure_ascii=False
    ),
    "json list": lambda c, k, v: _dumps({"hosts": [c.host()], k: [s(v)]}),
    "json in json": lambda c, k, v: _dumps({"level": "info", "body": _compact({k: s(v), "n": 1})}),
    "json in json in json": lambda c, k, v: _dumps({"event": _dumps({"body": _dumps({k: s(v), "a": "b"})})}),
    "json cut short": lambda c, k, v: f'received {{"user": "{c.person()}", "{k}": "{s(v)}',
    "yaml": lambda c, k, v: f"database:\n  host: {c.host()}\n  {k}: {s(v)}\n  pool: 5\n",
    "yaml quoted": lambda c, k, v: f'auth:\n  user: {c.person()}\n  {k}: "{s(v)}"\n',
    "yaml env list": lambda c, k, v: (
        f"env:\n  - name: {upper(k)}\n    value: {s(v)}\n  - name: PORT\n    value: '80'\n"
    ),
    "toml": lambda c, k, v: f'[server]\nhost = "{c.host()}"\n{k} = "{s(v)}"\n',
    "ini": lambda c, k, v: f"[client]\nuser={c.person()}\n{k}={s(v)}\nport=3306\n",
    "properties": lambda c, k, v: f"spring.datasource.url=jdbc:x\nspring.datasource.{k.replace('_', '-')}={s(v)}\n",
    ".env": lambda c, k, v: f"PORT=80\n{upper(k)}={s(v)}\nDEBUG=1\n",
    "export": lambda c, k, v: f"export {upper(k)}={s(v)} && ./run.sh",
    "export quoted": lambda c, k, v: f"+ export {upper(k)}='{s(v)}'",
    "set": lambda c, k, v: f"C:\\app> set {upper(k)}={s(v)}\r\nC:\\app> run.exe",
    "powershell": lambda c, k, v: f'$env:{upper(k)} = "{s(v)}"; .\\run.ps1',
    "dockerfile": lambda c, k, v: f"Step 4/9 : ENV {upper(k)}={s(v)}\n ---> Running in 3a1f",
    "environ repr": lambda c, k, v: f"environ({{'HOME': '/root', '{upper(k)}': '{s(v)}', 'LANG': 'C.UTF-8'}})",
    "xml": lambda c, k, v: f"<conn><user>{c.person()}</user><{k}>{s(v)}</{k}><port>1</port></conn>",
    "xml attribute": lambda c, k, v: f'<user name="{c.person()}" {k}="{s(v)}" active="true"/>',
    "xml key and value": lambda c, k, v: f'<add key="{k}" value="{s(v)}" /><add key="Retries" value="3" />',
    "html input": lambda c, k, v: f'<input type="hidden" name="{k}" value="{s(v)}"><input name="page" value="2">',
    "header": lambda c, k, v: f"{header(k)}: {s(v)}",
    "request": _request,
    "query": lambda c, k, v: f"GET /v1/items?page=2&{k}={s(quote(v, safe=''))}&sort=asc HTTP/1.1",
    "url": lambda c, k, v: f"calling https://api.example.com/v1/items?{k}={s(quote(v, safe=''))} took 12 ms",
    "url fragment": lambda c, k, v: (
        f"redirect to https://app.example.com/cb#state=9&{k}={s(quote(v, safe=''))}&expires_in=3600"
    ),
    "form": lambda c, k, v: f"body: user={c.person()}&{k}={s(quote(v, safe=''))}&remember=1",
    "form bytes": lambda c, k, v: f"b'user={c.person()}&{k}={s(quote(v, safe=''))}'",
    "percent-encoded": lambda c, k, v: f"/login?next=%2Fcb%3F{k}%3D{s(quote(quote(v, safe=''), safe=''))}%26page%3D2",
    "percent-encoded json": lambda c, k, v: f"state=%7B%22{k}%22%3A%22{s(quote(v, safe=''))}%22%2C%22n%22%3A1%7D",
    "multipart": _multipart,
    "curl header": lambda c, k, v: f"curl -s -H '{header(k)}: {s(v)}' https://{c.host()}/v1/items",
    "curl data": lambda c, k, v: f"curl -X POST -d '{k}={s(v)}' -d page=2 https://{c.host()}/",
    "curl json": lambda c, k, v: f"curl -d '{_compact({'user': c.person(), k: s(v)})}' https://{c.host()}/",
    "option": lambda c, k, v: f"tool --host {c.host()} --{k.replace('_', '-').lower()} {s(v)} --verbose",
    "option=": lambda c, k, v: f"tool --{k.replace('_', '-').lower()}={s(v)} run",
    "arguments": lambda c, k, v: f"['tool', '--{k.replace('_', '-').lower()}', '{s(v)}', 'run']",
    "docker -e": lambda c, k, v: f"docker run --rm -e {upper(k)}={s(v)} -p 80:80 nginx:1.25",
    "kubectl literal": lambda c, k, v: f"kubectl create secret generic db --from-literal={k}={s(v)}",
    "helm set": lambda c, k, v: f"helm upgrade web ./chart --set db.{k}={s(v)} --wait",
    "java -D": lambda c, k, v: f"java -Xmx1g -D{camel(k)}={s(v)} -jar app.jar",
    "terraform": lambda c, k, v: f"terraform apply -var '{k}={s(v)}' -auto-approve",
    "heroku config": lambda c, k, v: f"heroku config:set {upper(k)}={s(v)} -a web",
    "sql where": lambda c, k, v: f"SELECT id FROM users WHERE {k} = '{s(v)}' AND active",
    "sql set": lambda c, k, v: f"UPDATE accounts SET {k}='{s(v)}', n=3 WHERE id=7",
    "sql insert": lambda c, k, v: f"INSERT INTO users (name, {k}) VALUES ('{c.person()}', '{s(v)}')",
    "sql parameters": lambda c, k, v: f"[SQL: UPDATE t SET x=%({k})s]\n[parameters: {{'{k}': '{s(v)}', 'id': 3}}]",
    "traceback locals": _traceback,
    "rich locals": _rich,
    "error message": lambda c, k, v: f"ValueError: bad config: {k}={s(v)!s} (expected 3 parts)",
    "markdown": lambda c, k, v: f"- **{k}**: `{s(v)}`\n- **host**: `{c.host()}`",
    "table": lambda c, k, v: f"| host | {c.host()} |\n| {k} | {s(v)} |\n| port | 22 |",
    "syslog": lambda c, k, v: f'<34>1 2024-05-11T22:14:15.003Z web app 99 ID47 [ex@1 {k}="{s(v)}"] started',
    "log prefix": lambda c, k, v: f"{_stamp(c)} DEBUG [worker-3] app.db - opening with {k}={s(v)}",
    "glued": lambda c, k, v: f"(host={c.host()},{k}={s(v)})",
    "bracketed": lambda c, k, v: f"[{k}={s(v)}][n=3]",
    "escaped newline": lambda c, k, v: f"payload: 'a=1\\n{k}={s(v)}\\nb=2'",
    "next line": lambda c, k, v: f"config\n{k}:\n  {s(v)}\nother: 1",
    "repr of json": lambda c, k, v: repr(_dumps({k: s(v), "q": "it's"})),
}

BARE: dict[str, Shape] = {
    "prose": lambda c, k, v: f"we connected to {c.host()} using {s(v)} and it worked",
    "end of sentence": lambda c, k, v: f"Somebody pasted {s(v)}.",
    "alone": lambda c, k, v: s(v),
    "in parentheses": lambda c, k, v: f"rejected credentials ({s(v)}), giving up",
    "in quotes": lambda c, k, v: f'invalid value "{s(v)}" for argument 2',
    "in backticks": lambda c, k, v: f"please rotate `{s(v)}` soon",
    "in angle brackets": lambda c, k, v: f"got <{s(v)}>",
    "in brackets": lambda c, k, v: f"args=[{s(v)}] n=3",
    "comma glued": lambda c, k, v: f"a,{s(v)},b",
    "semicolon glued": lambda c, k, v: f"x;{s(v)};y",
    "pipe glued": lambda c, k, v: f"7|{s(v)}|ok",
    "list repr": lambda c, k, v: f"argv: ['run', '{s(v)}', '-v']",
    "bytes repr": lambda c, k, v: f"sent b'{s(v)}\\r\\n' to {c.host()}",
    "url path": lambda c, k, v: f"GET https://{c.host()}/hooks/{s(quote(v, safe=':'))}/run 404",
    "innocent name": lambda c, k, v: f"value={s(v)} took=12ms",
    "innocent json": lambda c, k, v: _dumps({"arg": s(v), "n": 1}),
    "several lines": lambda c, k, v: f"first line\n{s(v)}\nlast line",
    "after an escape": lambda c, k, v: f"'line one\\n{s(v)}\\nline two'",
    "exception": lambda c, k, v: f"PermissionError: {s(v)} is not allowed on {c.host()}",
    "bearer": lambda c, k, v: f"Authorization: Bearer {s(v)}",
    "log prefix bare": lambda c, k, v: f"{_stamp(c)} WARN app.auth: {s(v)}",
}

ENCODED: dict[str, Shape] = {
    "base64": lambda c, k, v: f"payload {s(base64.b64encode(v.encode()).decode())} received",
    "base64 of text": lambda c, k, v: f"data: {s(base64.b64encode(f'user={c.person()} {v} x'.encode()).decode())}",
    "hex": lambda c, k, v: f"raw bytes {s(v.encode().hex())} end",
    "percent-encoded throughout": lambda c, k, v: f"GET /x?q={s(''.join(f'%{b:02X}' for b in v.encode()))}&n=1",
}

"""More ways in which the same things are written: languages' own dumps, clients' reprs, tools' options, odd headers."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from chance import Chance
from keyed import KEYED
from kinds import TOKENS
from marks import either
from marks import secret as s
from structured import Template


def _pw(c: Chance) -> str:
    return KEYED[c.choice(("password", "password", "credential", "password-strong"))][1](c)


def _plain(c: Chance) -> str:
    return KEYED[c.choice(("password", "credential"))][1](c)


def _any(c: Chance) -> str:
    return c.word(32)


DUMPS: dict[str, Template] = {
    "java": lambda c: f"User{{name='bob', password='{s(_pw(c))}', age=3}}",
    "java, bare": lambda c: f"User{{name=bob, password={s(_plain(c))}, age=3}}",
    "kotlin": lambda c: f"Login(user=bob, password={s(_plain(c))}, remember=true)",
    "csharp": lambda c: f"{{ User = bob, Password = {s(_plain(c))}, Port = 3 }}",
    "ruby symbol": lambda c: f'{{:user=>"bob", :password=>"{s(_pw(c))}"}}',
    "ruby new": lambda c: f'{{user: "bob", api_key: "{s(_any(c))}"}}',
    "php var_dump": lambda c: f'array(2) {{\n  ["password"]=>\n  string(12) "{s(_plain(c))}"\n  ["n"]=>\n  int(3)\n}}',
    "perl": lambda c: f"$VAR1 = {{ 'password' => '{s(_pw(c))}', 'n' => 3 }};",
    "node map": lambda c: f"Map(1) {{ 'password' => '{s(_pw(c))}' }}",
    "namespace": lambda c: f"Namespace(host='x', token='{s(_any(c))}', verbose=True)",
    "ordered dict": lambda c: f"OrderedDict([('user', 'bob'), ('password', '{s(_pw(c))}')])",
    "class repr": lambda c: f"<Config host='x' password='{s(_pw(c))}' n=3>",
    "class repr, bare": lambda c: f"<Session user=bob token={s(_any(c))}>",
    "protobuf": lambda c: f'user: "bob"\npassword: "{s(_pw(c))}"\nn: 3',
    "bytes": lambda c: f"b'user=bob&password={s(_plain(c))}'",
    "bytearray": lambda c: f'bytearray(b\'{{"password": "{s(_plain(c))}"}}\')',
    "bytes local": lambda c: f"password = b'{s(_plain(c))}'\nuser = b'bob'",
    "cookie jar": lambda c: f"<RequestsCookieJar[<Cookie sessionid={s(c.alnum(32))} for example.com/>]>",
    "cookies dict": lambda c: f"cookies={{'sessionid': '{s(c.alnum(32))}', 'theme': '{either('dark')}'}}",
    "requests headers": lambda c: (
        f"{{'User-Agent': 'x', 'Authorization': 'Bearer {s(c.word(40))}', 'X-Api-Key': '{s(_any(c))}'}}"
    ),
    "traceback headers": lambda c: (
        f"  File \"x.py\", line 3, in get\n    headers = {{'PRIVATE-TOKEN': '{s(_any(c))}'}}\n    self = <Client at 0x7f>"
    ),
    "traceback url": lambda c: (
        f"HTTPError: 401 Client Error: Unauthorized for url: https://api.x.io/v1?api_key={s(_any(c))}&q=1"
    ),
    "traceback connect": lambda c: f"OperationalError: connection to postgresql://app:{s(_plain(c))}@db:5432/x failed",
    "traceback call": lambda c: f'    client.login("bob", password="{s(_pw(c))}")\nLoginError: denied',
    "key error": lambda c: f"KeyError: '{s(TOKENS['github-pat'][1](c))}'",
    "yaml block": lambda c: f"password: |\n  {s(_plain(c))}\nuser: bob",
    "yaml folded": lambda c: f"password: >-\n  {s(_plain(c))}\nuser: bob",
    "yaml list item": lambda c: f"users:\n  - name: bob\n    password: {s(_plain(c))}\n  - name: eve",
    "yaml single quoted": lambda c: f"db: {{user: app, password: '{s(_pw(c))}'}}",
    "yaml flow": lambda c: f"db: {{user: app, password: {s(_plain(c))}}}",
    "toml literal": lambda c: f"[db]\npassword = '{s(_pw(c))}'\nport = 1",
    "toml inline": lambda c: f'db = {{ user = "app", password = "{s(_pw(c))}" }}',
    "ini colon": lambda c: f"[db]\npassword : {s(_plain(c))}\n",
    "xml cdata": lambda c: f"<password><![CDATA[{s(_pw(c))}]]></password>",
    "xml entry": lambda c: f'<entry key="db.password">{s(_plain(c))}</entry><entry key="n">1</entry>',
    "xml property": lambda c: f'<property name="password" value="{s(_plain(c))}"/>',
    "xml typed": lambda c: f'<wsse:Password Type="PasswordText">{s(_plain(c))}</wsse:Password>',
    "plist": lambda c: f"<key>password</key>\n<string>{s(_plain(c))}</string>",
    "json with spaces": lambda c: f'{{ "password" : "{s(_pw(c))}" , "n" : 1 }}',
    "json number": lambda c: f'{{"pin": {s(c.digits(6))}, "n": 1}}',
    "json escaped unicode": lambda c: f"{{\\u0022password\\u0022:\\u0022{s(_plain(c))}\\u0022}}",
    "json in a log of json": lambda c: json.dumps(
        {"msg": f"login with password={s(_plain(c))} failed", "n": 1}, ensure_ascii=False
    ),
    "header list in json": lambda c: json.dumps(
        {"headers": {"Authorization": [f"Bearer {s(c.word(40))}"]}}, ensure_ascii=False
    ),
    "har": lambda c: json.dumps(
        {"headers": [{"name": "Authorization", "value": f"Bearer {s(c.word(40))}"}]}, ensure_ascii=False
    ),
    "graphql": lambda c: f'mutation {{ login(user: "bob", password: "{s(_pw(c))}") {{ id }} }}',
    "csv with head": lambda c: f"export {{'columns': ['user', 'password'], 'token': '{s(_any(c))}'}}",
    "ldap filter": lambda c: f"bind dn=cn=app,dc=x password={s(_plain(c))}",
    "base64 of json": lambda c: (
        f"state={s(base64.b64encode(json.dumps({'user': 'bob', 'password': _plain(c)}).encode()).decode())}"
    ),
    "base64 of a url": lambda c: (
        f"cfg {s(base64.b64encode(f'postgres://app:{_plain(c)}@db:5432/main'.encode()).decode())} ok"
    ),
    "percent json": lambda c: (
        f"q={quote(chr(123) + chr(34) + 'password' + chr(34) + ': ' + chr(34))}{s(_plain(c))}%22%7D"
    ),
    "percent value": lambda c: f"user=bob&password={s(quote('p@' + c.alnum(5) + '&' + c.alnum(4)))}&x=1",
    "colon value colon": lambda c: f"user:bob password:{s(_plain(c))} host:x",
    "equals in the value": lambda c: f"secret={s(c.alnum(20) + '==')} n=1",
    "in square brackets": lambda c: f"[token: {s(_any(c))}] ok",
    "in curly brackets": lambda c: f"{{token={s(_any(c))}}}",
    "before a comma": lambda c: f"token={s(_any(c))}, user=bob",
    "before a full stop": lambda c: f"We used password={s(_plain(c))}. It failed.",
    "before a parenthesis": lambda c: f"login (password={s(_plain(c))}) failed",
    "quoted with an apostrophe": lambda c: f'password="{s(c.alnum(4) + chr(39) + c.alnum(5))}" n=1',
    "with spaces": lambda c: f'passphrase="{s(c.words(3) + " " + c.digits(3))}" n=1',
    "non-ascii": lambda c: f"password='{s('pä' + c.alnum(8) + 'ß')}' n=1",
}
OPTIONS: dict[str, Template] = {
    "--http-password": lambda c: f"wget --http-user=bob --http-password={s(_plain(c))} https://x/y",
    "--pass": lambda c: f"redis-cli --user app --pass {s(_plain(c))} ping",
    "-passwd": lambda c: f"tool -user bob -passwd {s(_plain(c))} -v",
    "gpg": lambda c: f"gpg --batch --passphrase {s(_plain(c))} -d f.gpg",
    "openssl enc": lambda c: f"openssl enc -aes-256-cbc -k {s(_plain(c))} -in a",
    "openssl -pass": lambda c: f"openssl enc -d -aes-256-cbc -pass pass:{s(_plain(c))} -in a",
    "unzip": lambda c: f"unzip -P {s(_plain(c))} a.zip",
    "mount": lambda c: f"mount -t cifs //s/x /mnt -o username=bob,password={s(_plain(c))},vers=3.0",
    "net user": lambda c: f"net user bob {s(_plain(c) + '!')} /add",
    "MYSQL_PWD": lambda c: f"MYSQL_PWD={s(_plain(c))} mysql -u root",
    "psql url": lambda c: f'psql "host=db user=app password={s(_plain(c))}"',
    "svn": lambda c: f"svn co https://x/r --username bob --password {s(_plain(c))}",
    "mvn": lambda c: f"mvn deploy -Dgpg.passphrase={s(_plain(c))}",
    "gradle": lambda c: f"gradle build -PsigningPassword={s(_plain(c))}",
    "pip index": lambda c: f"pip install --index-url https://bob:{s(_plain(c))}@pypi.corp/simple x",
    "az storage": lambda c: f"az storage blob list --account-key {s(base64.b64encode(c.randbytes(64)).decode())} -c x",
    "kubectl token": lambda c: f"kubectl --token={s(c.word(60))} get pods",
    "consul": lambda c: f"consul kv get -token={s(c.uuid())} x",
    "s3cmd": lambda c: f"s3cmd --access_key={either('AK')} --secret_key={s(c.base64(40))} ls",
    "keytool keypass": lambda c: f"keytool -genkey -keypass {s(_plain(c))} -alias x",
    "plink": lambda c: f"plink -ssh bob@h -pw {s(_plain(c))} ls",
    "lftp": lambda c: f"lftp -u bob,{s(_plain(c))} ftp://x",
    "nmcli": lambda c: f"nmcli dev wifi connect home password {s(_plain(c))}",
    "useradd": lambda c: f"useradd -m -p {s(_plain(c))} bob",
    "passwd stdin": lambda c: f"echo {s(_plain(c))} | passwd --stdin bob",
    "here string": lambda c: f"sudo -S ls <<< {s(_plain(c))}",
    "security": lambda c: f"security add-generic-password -a bob -s svc -w {s(_plain(c))}",
    "docker build-arg": lambda c: f"docker build --build-arg NPM_TOKEN={s(_any(c))} .",
    "compose env": lambda c: f"    environment:\n      - POSTGRES_PASSWORD={s(_plain(c))}\n      - PORT=1",
    "github actions": lambda c: f"##[group]Run\nenv:\n  API_TOKEN: {s(_any(c))}\n  CI: true",
    "sqlplus": lambda c: f"sqlplus scott/{s(_plain(c))}@orcl",
    "impdp": lambda c: f"impdp scott/{s(_plain(c))}@orcl directory=d",
    "curl form": lambda c: f"curl -F 'password={s(_plain(c))}' https://x",
    "curl oauth": lambda c: f"curl --oauth2-bearer {s(c.word(40))} https://x",
    "curl digest": lambda c: f"curl --digest -u 'bob:{s(_pw(c))}' https://x",
    "curl -u glued": lambda c: f"curl -ubob:{s(_plain(c))} https://x",
    "curl url": lambda c: f"curl ftp://bob:{s(_plain(c))}@h/x",
    "ssh-keygen": lambda c: f"ssh-keygen -t rsa -N '{s(_plain(c))}' -f k",
    "ansible vault": lambda c: f"ansible all -m ping -e 'ansible_password={s(_plain(c))}'",
    "openstack": lambda c: f"openstack --os-username bob --os-password {s(_plain(c))} server list",
}
HEADERS: dict[str, Template] = {
    name: lambda c, name=name: f"{name}: {s(_any(c))}\r\nHost: x"
    for name in (
        "X-Vault-Token",
        "PRIVATE-TOKEN",
        "x-goog-api-key",
        "X-Auth-Key",
        "X-Shopify-Access-Token",
        "DD-API-KEY",
        "xi-api-key",
        "api-key",
        "apikey",
        "X-Access-Token",
        "X-Auth-Token",
        "X-Amz-Security-Token",
        "Ocp-Apim-Subscription-Key",
        "X-Consul-Token",
        "X-Gitlab-Token",
        "X-Figma-Token",
        "Circle-Token",
        "X-CSRFToken",
        "X-Refresh-Token",
        "Api-Token",
        "X-Rollbar-Access-Token",
        "X-JWT-Assertion",
        "X-Api-Secret",
        "Client-Secret",
        "X-Secret-Key",
    )
} | {
    "Authorization Token token=": lambda c: f'Authorization: Token token="{s(_any(c))}"',
    "Authorization Key": lambda c: f"Authorization: Key {s(_any(c))}",
    "Authorization GenieKey": lambda c: f"Authorization: GenieKey {s(c.uuid())}",
    "Authorization=Bearer": lambda c: f"authorization=Bearer {s(c.word(40))} status=200",
    "Authorization in quotes": lambda c: f'"Authorization: Bearer {s(c.word(40))}"',
    "Authorization in yaml": lambda c: f"headers:\n  Authorization: Bearer {s(c.word(40))}\n  Accept: x",
    "Authorization in kwargs": lambda c: f"headers=dict(Authorization='Bearer {s(c.word(40))}', Accept='x')",
    "Bearer percent": lambda c: f"auth=Bearer+{s(c.alnum(40))}&x=1",
    "OAuth 1": lambda c: (
        f'Authorization: OAuth oauth_consumer_key="{either(c.alnum(20))}", oauth_token="{s(c.alnum(40))}", oauth_signature="{s(c.alnum(27) + chr(37) + "3D")}", oauth_version="1.0"'
    ),
    "AWS 2": lambda c: f"Authorization: AWS {either(TOKENS['aws-access-key'][1](c) + ':')}{s(c.alnum(27) + chr(61))}",
}
SENTENCES: dict[str, Template] = {
    "my password is": lambda c: f"hi, my password is {s(_plain(c))} thanks",
    "password set to": lambda c: f"Password for bob set to {s(_plain(c))}",
    "pw:": lambda c: f"user: bob, pw: {s(_plain(c))}",
    "pass:": lambda c: f"login bob pass: {s(_plain(c))}",
    "credentials pair": lambda c: f"credentials: {either('bob/')}{s(_plain(c))}",
    "use the token": lambda c: f"use the token {s(c.alnum(30))} to sign in",
    "key in quotes": lambda c: f'invalid API key "{s(c.alnum(32))}" provided',
    "Incorrect API key provided": lambda c: (
        f"Incorrect API key provided: {s(TOKENS['openai-legacy'][1](c))}. You can find your API key at https://x."
    ),
    "secret:": lambda c: f"webhook secret: {s(c.alnum(24))} (rotate soon)",
    "client secret is": lambda c: f"The client secret is {s(c.word(34))}",
    "connection string is": lambda c: f"connection string is Server=x;Password={s(_plain(c))};Encrypt=yes",
    "password in parentheses": lambda c: f"logged in as bob (password {s(_plain(c))})",
    "new password": lambda c: f"changed to new password '{s(_pw(c))}'",
    "one-time code": lambda c: f"one-time code: {s(c.digits(6))}",
    "code to log in": lambda c: f"Use code {s(c.digits(6))} to log in",
    "aws keys": lambda c: f"key {s(TOKENS['aws-access-key'][1](c))} and secret {s(c.base64(40))} were pasted",
    "card in a sentence": lambda c: f"charged card {s(TOKENS['card-visa'][1](c))} exp 12/27 cvv {s(c.digits(3))}",
    "ssn in a sentence": lambda c: f"SSN {s(TOKENS['ssn'][1](c))} on file",
    "iban in a sentence": lambda c: f"transfer to {s(TOKENS['iban-de'][1](c))}, thanks",
}
GROUPS = {"dump": DUMPS, "command line": OPTIONS, "header": HEADERS, "prose": SENTENCES}

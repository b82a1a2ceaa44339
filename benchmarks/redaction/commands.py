"""Secrets on command lines, in SQL and in sentences: nothing but the verb before them says what they are."""

from __future__ import annotations

from chance import Chance, b64
from keyed import KEYED
from kinds import TOKENS
from marks import secret as s
from structured import Template


def _pw(c: Chance) -> str:
    return KEYED[c.choice(("password", "password", "credential", "password-letters"))][1](c)


COMMANDS: dict[str, Template] = {
    "mysql -p": lambda c: f"mysql -h {c.host()} -u root -p{s(_pw(c))} app",
    "mysqldump --password": lambda c: f"mysqldump --user=root --password={s(_pw(c))} app > x.sql",
    "PGPASSWORD": lambda c: f"PGPASSWORD={s(_pw(c))} psql -h {c.host()} -U app",
    "sshpass": lambda c: f"sshpass -p '{s(_pw(c))}' ssh deploy@{c.host()}",
    "sshpass glued": lambda c: f"sshpass -p{s(_pw(c))} scp x deploy@{c.host()}:/tmp",
    "docker login": lambda c: f"docker login -u {c.person()} -p {s(_pw(c))} ghcr.io",
    "docker login --password": lambda c: f"docker login --username bob --password {s(_pw(c))} ghcr.io",
    "redis-cli": lambda c: f"redis-cli -h {c.host()} -a {s(_pw(c))} ping",
    "redis AUTH": lambda c: f'1700000000.12 [0 10.0.0.1:5] "AUTH" "{s(_pw(c))}"',
    "redis AUTH command": lambda c: f"> AUTH {s(c.alnum(20))}\nOK",
    "redis AUTH user": lambda c: f"> AUTH default {s(c.alnum(20))}\n+OK",
    "redis requirepass": lambda c: f"CONFIG SET requirepass {s(c.alnum(20))}",
    "openssl pass": lambda c: f"openssl rsa -in k.pem -passin pass:{s(_pw(c))} -out o.pem",
    "echo to sudo": lambda c: f"echo {s(_pw(c))} | sudo -S apt-get update",
    "echo quoted to sudo": lambda c: f"echo '{s(_pw(c))}' | sudo -S systemctl restart web",
    "echo to docker": lambda c: f"echo {s(_pw(c))} | docker login -u bob --password-stdin",
    "chpasswd": lambda c: f"echo '{c.person()}:{s(_pw(c))}' | chpasswd",
    "sqlcmd": lambda c: f"sqlcmd -S {c.host()} -U sa -P {s(_pw(c))} -Q 'select 1'",
    "mongo": lambda c: f"mongosh --host {c.host()} -u admin -p {s(_pw(c))} --eval 'db.stats()'",
    "ldapsearch": lambda c: f"ldapsearch -x -D cn=admin -w {s(_pw(c))} -b dc=x",
    "smbclient": lambda c: f"smbclient //srv/share -U bob%{s(_pw(c))}",
    "net use": lambda c: f"net use Z: \\\\srv\\share /user:CORP\\bob {s(_pw(c))}",
    "xfreerdp": lambda c: f"xfreerdp /u:bob /p:{s(_pw(c))} /v:{c.host()}",
    "htpasswd": lambda c: f"htpasswd -b /etc/nginx/.htpasswd bob {s(_pw(c))}",
    "7z": lambda c: f"7z a -p{s(_pw(c))} out.7z data/",
    "keytool": lambda c: f"keytool -list -keystore k.jks -storepass {s(_pw(c))}",
    "wget": lambda c: f"wget --user=bob --password={s(_pw(c))} https://{c.host()}/x",
    "http": lambda c: f"http -a bob:{s(_pw(c))} GET https://{c.host()}/x",
    "az login": lambda c: f"az login --service-principal -u {c.uuid()} -p {s(c.word(34))} --tenant t",
    "aws configure": lambda c: f"aws configure set aws_secret_access_key {s(c.base64(40))}",
    "vault login": lambda c: f"vault login {s(TOKENS['vault-service'][1](c))}",
    "vault kv put": lambda c: f"vault kv put secret/db password={s(_pw(c))} user=app",
    "npm config": lambda c: f"npm config set //registry.npmjs.org/:_authToken {s(c.uuid())}",
    "twine": lambda c: f"twine upload -u __token__ -p {s(_pw(c))} dist/*",
    "snmp": lambda c: f"snmpwalk -v3 -u bob -A {s(c.alnum(12))} -X {s(c.alnum(12))} {c.host()}",
    "ipmitool": lambda c: f"ipmitool -H {c.host()} -U admin -P {s(_pw(c))} power status",
    "mc alias": lambda c: f"mc alias set store https://{c.host()} {c.alnum(8)} {s(c.alnum(32))}",
    "ansible": lambda c: f"ansible-playbook site.yml -e ansible_become_pass={s(_pw(c))}",
    "rclone": lambda c: f"rclone config create s3 s3 secret_access_key={s(c.base64(40))}",
    "gh secret": lambda c: f"gh secret set API_KEY --body {s(c.alnum(32))}",
    "git config header": lambda c: f'git -c http.extraheader="Authorization: Basic {s(b64("x:" + c.alnum(40)))}" fetch',
    "cmdkey": lambda c: f"cmdkey /add:srv /user:bob /pass:{s(_pw(c))}",
    "arguments list": lambda c: f"Popen(['mysql', '-uroot', '-p{s(_pw(c))}', 'app'])",
    "arguments with sshpass": lambda c: f"['sshpass', '-p', '{s(_pw(c))}', 'ssh', 'h']",
    "proxy user": lambda c: f"curl --proxy-user bob:{s(_pw(c))} -x http://proxy:3128 https://x",
}

SQL: dict[str, Template] = {
    "identified by": lambda c: f"CREATE USER 'app'@'%' IDENTIFIED BY '{s(_pw(c))}'",
    "identified with": lambda c: f"ALTER USER app IDENTIFIED WITH mysql_native_password BY '{s(_pw(c))}';",
    "identified by, bare": lambda c: f"CREATE USER app IDENTIFIED BY {s(c.alnum(12))};",
    "create role": lambda c: f"CREATE ROLE app WITH LOGIN PASSWORD '{s(_pw(c))}' VALID UNTIL 'infinity'",
    "alter user": lambda c: f"statement: ALTER USER app WITH ENCRYPTED PASSWORD '{s(_pw(c))}';",
    "set passwd": lambda c: f"UPDATE users SET passwd '{s(_pw(c))}'",
    "set password for": lambda c: f"SET PASSWORD FOR 'app'@'%' = PASSWORD('{s(_pw(c))}')",
    "create login": lambda c: f"CREATE LOGIN app WITH PASSWORD = N'{s(_pw(c))}'",
    "create secret": lambda c: f"CREATE SECRET s (TYPE S3, KEY_ID 'x', SECRET '{s(c.base64(40))}')",
    "insert": lambda c: f"INSERT INTO users (id, email, password) VALUES (7, 'b@x.example', '{s(_pw(c))}')",
    "insert with token": lambda c: f"INSERT INTO sessions (access_token, user_id) VALUES ('{s(c.word(40))}', 7)",
    "insert quoted names": lambda c: f'INSERT INTO "users" ("name", "api_key") VALUES (\'bob\', \'{s(c.alnum(32))}\')',
    "crypt": lambda c: f"SELECT crypt('{s(_pw(c))}', gen_salt('bf'))",
    "copy credentials": lambda c: (
        f"COPY t FROM 's3://b/x' CREDENTIALS 'aws_access_key_id={s(TOKENS['aws-access-key'][1](c))};aws_secret_access_key={s(c.base64(40))}'"
    ),
    "dblink": lambda c: f"SELECT dblink_connect('host={c.host()} user=app password={s(_pw(c))}')",
}

PROSE: dict[str, Template] = {
    "password is": lambda c: f"The password is {s(_mixed(c))}, please change it.",
    "password was": lambda c: f"temporary password was {s(_mixed(c))} for bob",
    "password:": lambda c: f"Your new password: {s(_mixed(c))}",
    "with password": lambda c: f"logging in as bob with password {s(_mixed(c))} on {c.host()}",
    "password in quotes": lambda c: f'user bob tried password "{s(_mixed(c))}" twice',
    "passwd is": lambda c: f"passwd is {s(_mixed(c))}",
    "pwd is": lambda c: f"pwd is {s(_mixed(c))}, ok?",
    "token is": lambda c: f"your token is {s(c.alnum(32))} and expires soon",
    "api key is": lambda c: f"the api key is {s(c.alnum(32))}",
    "secret key": lambda c: f"generated secret key {s(c.hex(40))} for tenant 7",
    "access token": lambda c: f"Refreshed access token {s(c.word(40))}",
    "api key:": lambda c: f"Using API key: {s(c.alnum(32))} (prod)",
    "passphrase": lambda c: f"unlock with passphrase {s(c.words(1) + c.digits(4))} now",
    "letters after a colon": lambda c: f"password: {s(c.chars('abcdefghijklmnopqrstuvwxyz', 12))}\nhost: x",
    "letters then words": lambda c: f"config password: {s(c.chars('abcdefghijkmnopqrstvwxz', 11))} host: {c.host()}",
    "semicolon inside": lambda c: f'password="{s(c.alnum(4) + ";" + c.alnum(5))}" next=1',
    "semicolon inside, bare": lambda c: f"password={s(c.alnum(4) + ';' + c.alnum(5) + '!')} host={c.host()}",
    "code is": lambda c: f"Your verification code is {s(c.digits(6))}",
    "otp is": lambda c: f"OTP for bob: {s(c.digits(6))}",
    "pin is": lambda c: f"PIN: {s(c.digits(4))}",
}


def _mixed(c: Chance) -> str:
    return (
        KEYED["password-strong"][1](c)
        if c.random() < 0.3
        else c.words(1).capitalize() + c.digits(4) + c.choice(("", "!"))
    )


GROUPS = {"command line": COMMANDS, "sql": SQL, "prose": PROSE}

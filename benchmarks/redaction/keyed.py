"""Kinds that only their name gives away: passwords, pins, and tokens whose issuers gave them no form of their own."""

from __future__ import annotations

from chance import ALNUM, Chance, b64
from kinds import Make

_STRONG = "!@#$%^*-_=+~.?"


def _strong(c: Chance) -> str:
    return (
        c.chars(ALNUM, 3)
        + c.choice(_STRONG)
        + c.chars(ALNUM, 4)
        + c.choice(_STRONG)
        + c.alnum(2)
        + str(c.randrange(10))
    )


KEYED: dict[str, tuple[tuple[str, ...], Make]] = {  # kind: names that say what it is, and how to make one
    "password": (
        ("password", "db_password", "smtp_pass", "passwd", "pwd", "userPassword"),
        lambda c: c.words(1) + str(c.randrange(100, 9999)) + "x",
    ),
    "password-strong": (("password", "DB_PASSWORD", "adminPassword", "pwd", "redis_password"), _strong),
    "password-letters": (("password", "passwd", "db_password"), lambda c: c.chars(ALNUM[:52], 14)),
    "password-dictionary": (("password", "root_password"), lambda c: c.words(3, "-")),
    "passphrase": (("passphrase", "key_passphrase"), lambda c: c.words(4, ".") + str(c.randrange(99))),
    "pin": (("pin", "user_pin", "card_pin"), lambda c: c.digits(6)),
    "otp": (("otp", "totp", "verification_code"), lambda c: c.digits(6)),
    "card-code": (("cvv", "cvc", "card_cvv"), lambda c: c.digits(3)),
    "aws-secret": (("aws_secret_access_key", "secretAccessKey", "AWS_SECRET_ACCESS_KEY"), lambda c: c.base64(40)),
    "aws-session": (("aws_session_token", "sessionToken"), lambda c: "IQoJb3JpZ2luX2VjE" + c.base64(300)),
    "cohere": (("cohere_api_key", "CO_API_KEY"), lambda c: c.alnum(40)),
    "wandb": (("WANDB_API_KEY", "wandb_api_key"), lambda c: c.hex(40)),
    "mistral": (("mistral_api_key", "MISTRAL_API_KEY"), lambda c: c.alnum(32)),
    "azure-openai": (("azure_openai_api_key", "api-key"), lambda c: c.hex(32)),
    "datadog": (("dd-api-key", "DD_API_KEY", "datadog_app_key"), lambda c: c.hex(40)),
    "twilio-auth": (("twilio_auth_token", "TWILIO_AUTH_TOKEN"), lambda c: c.hex(32)),
    "heroku-uuid": (("HEROKU_API_KEY", "heroku_api_key"), lambda c: c.uuid()),
    "client-secret": (("client_secret", "clientSecret", "OAUTH_CLIENT_SECRET"), lambda c: c.word(36)),
    "signing-key": (("signing_key", "JWT_SECRET", "secret_key", "SECRET_KEY_BASE"), lambda c: c.hex(64)),
    "encryption-key": (("encryption_key", "FERNET_KEY", "masterKey", "aes_key"), lambda c: b64(c.randbytes(32))),
    "opaque-token": (("access_token", "refreshToken", "auth_token", "X-Auth-Token", "token"), lambda c: c.word(43)),
    "uuid-token": (("api_token", "private_token", "session_token"), lambda c: c.uuid()),
    "csrf": (("csrf_token", "X-CSRF-Token", "xsrf_token"), lambda c: c.alnum(32)),
    "generic-api-key": (
        ("api_key", "apiKey", "X-API-Key", "x-functions-key", "Ocp-Apim-Subscription-Key"),
        lambda c: c.word(32),
    ),
    "django-secret": (
        ("SECRET_KEY", "django_secret_key"),
        lambda c: c.chars("abcdefghijklmnopqrstuvwxyz0123456789!@#$%^*-_=+", 48) + "a",
    ),
    "secret": (("secret", "app_secret", "shared_secret", "webhook_secret"), lambda c: c.alnum(24)),
    "credential": (("credentials", "creds"), lambda c: c.alnum(20)),
    "auth-code": (("authorization_code", "backup_code"), lambda c: c.digits(8)),
    "totp-seed": (("totp_secret", "mfa_secret"), lambda c: c.upper32(32)),
    "private-key-raw": (("private_key", "privateKey", "wallet_private_key"), lambda c: "0x" + c.hex(64)),
    "connection-key": (("SharedAccessKey", "AccountKey", "storage_key"), lambda c: b64(c.randbytes(32))),
    "session-id": (("JSESSIONID", "PHPSESSID", "sessionid"), lambda c: c.hex(32).upper()),
}

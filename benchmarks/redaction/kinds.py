"""The kinds of secrets and how each is made: right prefix, alphabet, length and checksum, and a value never seen before.

A kind is known by its form (`TOKENS`, recognisable anywhere) or only by its name (keyed.py, a value like any other). The
kinds that are a piece of structure (URLs, connection strings, headers, command lines) are in structured.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from chance import ALNUM, BASE32, BECH32, HEX, Chance, b64, crc_base62, iban, luhn_completed

Make = Callable[[Chance], str]


def _jwt(c: Chance, *, algorithm: str = "HS256", signature: int = 43, claims: int = 3) -> str:
    header = b64(json.dumps({"alg": algorithm, "typ": "JWT"}, separators=(",", ":")), url=True, pad=False)
    names = ("sub", "jti", "sid", "tid", "azp", "nonce", "org", "uid")
    body = {name: c.hex(12) for name in names[:claims]} | {"iat": 1700000000 + c.randrange(9**8)}
    payload = b64(json.dumps(body, separators=(",", ":")), url=True, pad=False)
    return f"{header}.{payload}.{c.word(signature) if signature else ''}"


def _jwe(c: Chance) -> str:
    header = b64('{"alg":"RSA-OAEP","enc":"A256GCM"}', url=True, pad=False)
    return ".".join((header, c.word(171), c.word(16), c.word(60), c.word(22)))


def _checked(prefix: str) -> Make:
    def make(c: Chance) -> str:
        body = c.alnum(30)
        return prefix + body + crc_base62(body)

    return make


def _card(prefix: str, length: int) -> Make:
    return lambda c: luhn_completed(prefix + c.digits(length - len(prefix) - 1))


def _grouped(make: Make, joint: str) -> Make:
    def grouped(c: Chance) -> str:
        number = make(c)
        return joint.join(number[place : place + 4] for place in range(0, len(number), 4))

    return grouped


def _plain(prefix: str, alphabet: str, length: int, suffix: str = "") -> Make:
    return lambda c: prefix + c.chars(alphabet, length) + suffix


def _word(prefix: str, length: int, suffix: str = "") -> Make:
    return lambda c: prefix + c.word(length) + suffix


def _common_azure(mark: str, lead: int, tail: str) -> Make:
    def make(c: Chance) -> str:
        end = c.choice("AQgw") + "==" if tail == "==" else "="
        inner = c.base64(5) if tail == "==" else c.choice("ABCDEFGHIJKLMNOP") + c.base64(5)
        return c.base64(lead) + mark + inner + end

    return make


def _discord(c: Chance) -> str:
    return f"{b64(str(c.randrange(10**17, 10**18)), pad=False)}.{c.word(6)}.{c.word(38)}"


def _ssn(c: Chance) -> str:
    return f"{c.randrange(100, 665):03d}-{c.randrange(10, 99):02d}-{c.randrange(1000, 9999):04d}"


TOKENS: dict[str, tuple[str, Make]] = {  # kind: a fitting name for it, and how to make one
    "aws-access-key": ("aws_access_key_id", _plain("AK" + "IA", BASE32, 16)),
    "aws-temporary-key": ("aws_access_key_id", _plain("AS" + "IA", BASE32, 16)),
    "aws-bedrock": ("bedrock_api_key", _plain("AB" + "SK", ALNUM, 128)),
    "gcp-api-key": ("google_api_key", _word("AI" + "za", 35)),
    "gcp-oauth": ("access_token", _word("ya" + "29.", 120)),
    "gcp-client-secret": ("client_secret", _word("GOC" + "SPX-", 28)),
    "gemini": ("gemini_api_key", _word("AQ.Ab" + "8RN6", 44)),
    "azure-storage": ("account_key", _common_azure("+AS" + "t", 76, "==")),
    "azure-cosmos": ("account_key", _common_azure("AC" + "Db", 76, "==")),
    "azure-batch": ("batch_key", _common_azure("+AB" + "a", 76, "==")),
    "azure-apim": ("subscription_key", _common_azure("AP" + "IM", 76, "==")),
    "azure-servicebus": ("shared_access_key", _common_azure("+AS" + "b", 33, "=")),
    "azure-eventhub": ("shared_access_key", _common_azure("+AE" + "h", 33, "=")),
    "azure-iot": ("device_key", _common_azure("AI" + "oT", 33, "=")),
    "azure-redis": ("redis_key", _common_azure("Az" + "Ca", 33, "=")),
    "azure-eventgrid": ("topic_key", _common_azure("AZ" + "EG", 33, "=")),
    "azure-functions": ("function_key", lambda c: f"{c.word(44)}Az" + f"Fu{c.alnum(5)}{c.choice('AQgw')}=="),
    "azure-search": ("admin_key", lambda c: f"{c.alnum(42)}Az" + f"Se{c.choice('ABCD')}{c.alnum(5)}"),
    "azure-registry": ("registry_password", lambda c: f"{c.base64(42)}+AC" + f"R{c.choice('ABCD')}{c.alnum(5)}"),
    "azure-cask": (
        "api_key",
        lambda c: f"{c.alnum(52)}JQ" + f"QJ99{c.alnum(1)}{c.choice('ABCDEFGHIJKL')}{c.alnum(24)}",
    ),
    "azure-openai-cask": ("api_key", lambda c: f"{c.alnum(52)}JQ" + f"QJ99BDACAAAAAAAAAAAAABACOG{c.alnum(4)}"),
    "azure-devops": ("pat", lambda c: f"{c.alnum(52)}JQ" + f"QJ99BDACAAAAAAAAAAAAASAZDO{c.alnum(4)}"),
    "entra-7": ("client_secret", lambda c: f"{c.alnum(3)}7Q~{c.word(31)}"),
    "entra-8": ("client_secret", lambda c: f"{c.alnum(3)}8Q~{c.word(34)}"),
    "github-pat": ("github_token", _checked("gh" + "p_")),
    "github-oauth": ("access_token", _checked("gh" + "o_")),
    "github-user": ("user_token", _checked("gh" + "u_")),
    "github-refresh": ("refresh_token", _checked("gh" + "r_")),
    "github-server": ("installation_token", _checked("gh" + "s_")),
    "github-server-jwt": ("token", lambda c: "gh" + f"s_{c.digits(6)}_{_jwt(c, algorithm='RS256', signature=342)}"),
    "github-fine-grained": ("github_token", lambda c: "github" + f"_pat_{c.alnum(22)}_{c.alnum(59)}"),
    "gitlab-pat": ("gitlab_token", _word("gl" + "pat-", 20)),
    "gitlab-routable": ("gitlab_token", lambda c: "gl" + f"pat-{c.word(27)}.01.{c.alnum(9)}"),
    **{
        f"gitlab-{name}": ("token", _word(f"gl{name}-", 20))
        for name in ("rt", "dt", "soat", "ft", "imt", "ptt", "agent", "cbt", "oas", "ffct")
    },
    "slack-bot": ("slack_token", lambda c: "xo" + f"xb-{c.digits(12)}-{c.digits(13)}-{c.alnum(24)}"),
    "slack-user": ("slack_token", lambda c: "xo" + f"xp-{c.digits(12)}-{c.digits(12)}-{c.digits(13)}-{c.hex(32)}"),
    "slack-app": ("app_token", lambda c: "xa" + f"pp-1-A{c.alnum(10)}-{c.digits(13)}-{c.hex(64)}"),
    "slack-refresh": ("refresh_token", lambda c: "xo" + f"xe-1-{c.alnum(147)}"),
    "slack-rotating": ("slack_token", lambda c: "xo" + "xe.xo" + f"xp-1-{c.alnum(160)}"),
    "slack-cookie": ("d", lambda c: "xo" + f"xd-{c.alnum(40)}%2B{c.alnum(60)}"),
    "stripe-live": ("stripe_key", _plain("sk" + "_live_", ALNUM, 24)),
    "stripe-long": ("stripe_key", _plain("sk" + "_live_51", ALNUM, 97)),
    "stripe-restricted": ("stripe_key", _plain("rk" + "_live_", ALNUM, 40)),
    "stripe-test": ("stripe_key", _plain("sk" + "_test_", ALNUM, 24)),
    "stripe-webhook": ("endpoint_secret", _plain("wh" + "sec_", ALNUM, 32)),
    "openai-project": ("openai_api_key", lambda c: "sk" + f"-proj-{c.word(74)}T3Blbk" + f"FJ{c.word(74)}"),
    "openai-service": ("openai_api_key", lambda c: "sk" + f"-svcacct-{c.word(74)}T3Blbk" + f"FJ{c.word(74)}"),
    "openai-admin": ("openai_admin_key", lambda c: "sk" + f"-admin-{c.word(58)}T3Blbk" + f"FJ{c.word(58)}"),
    "openai-legacy": ("openai_api_key", lambda c: "sk" + f"-{c.alnum(20)}T3Blbk" + f"FJ{c.alnum(20)}"),
    "anthropic": ("anthropic_api_key", _word("sk" + "-ant-api03-", 93, "AA")),
    "anthropic-admin": ("anthropic_admin_key", _word("sk" + "-ant-admin01-", 93, "AA")),
    "anthropic-oauth": ("access_token", _word("sk" + "-ant-oat01-", 93, "AA")),
    "huggingface": ("hf_token", _plain("h" + "f_", ALNUM, 34)),
    "huggingface-org": ("hf_token", _plain("api" + "_org_", ALNUM, 34)),
    "replicate": ("replicate_api_token", _plain("r" + "8_", ALNUM, 37)),
    "groq": ("groq_api_key", _plain("gs" + "k_", ALNUM, 52)),
    "xai": ("xai_api_key", _plain("xa" + "i-", ALNUM, 80)),
    "perplexity": ("pplx_api_key", _plain("pp" + "lx-", ALNUM, 48)),
    "openrouter": ("openrouter_api_key", _plain("sk" + "-or-v1-", HEX, 64)),
    "nvidia": ("nvidia_api_key", _word("nv" + "api-", 64)),
    "pinecone": ("pinecone_api_key", lambda c: "pc" + f"sk_{c.alnum(6)}_{c.alnum(63)}"),
    "langsmith": ("langsmith_api_key", lambda c: "ls" + f"v2_pt_{c.hex(32)}_{c.hex(10)}"),
    "langsmith-service": ("langchain_api_key", lambda c: "ls" + f"v2_sk_{c.hex(32)}_{c.hex(10)}"),
    "langfuse": ("langfuse_secret_key", lambda c: "sk" + f"-lf-{c.uuid()}"),
    "wandb-v1": ("wandb_api_key", _word("wandb" + "_v1_", 77)),
    "together": ("together_api_key", _word("tg" + "p_v1_", 43)),
    "cerebras": ("cerebras_api_key", _plain("cs" + "k-", ALNUM, 48)),
    "elevenlabs": ("eleven_api_key", _plain("s" + "k_", HEX, 48)),
    "deepseek": ("deepseek_api_key", _plain("s" + "k-", HEX, 32)),
    "vault-service": ("vault_token", _word("hv" + "s.", 95)),
    "vault-batch": ("vault_token", _word("hv" + "b.", 150)),
    "terraform": ("tfe_token", lambda c: f"{c.alnum(14)}.atlas" + f"v1.{c.word(67)}"),
    "npm": ("npm_token", _checked("np" + "m_")),
    "pypi": ("twine_password", _word("pypi" + "-AgEIcHlwaS5vcmc", 120)),
    "rubygems": ("gem_api_key", _plain("ruby" + "gems_", HEX, 48)),
    "nuget": ("nuget_api_key", _plain("oy" + "2", "abcdefghijklmnopqrstuvwxyz234567", 43)),
    "docker-pat": ("docker_password", _word("dckr" + "_pat_", 27)),
    "docker-oat": ("docker_password", _word("dckr" + "_oat_", 32)),
    "databricks": ("databricks_token", _plain("da" + "pi", HEX, 32)),
    "databricks-numbered": ("databricks_token", _plain("da" + "pi", HEX, 32, "-2")),
    "digitalocean": ("do_token", _plain("do" + "p_v1_", HEX, 64)),
    "digitalocean-oauth": ("do_token", _plain("do" + "o_v1_", HEX, 64)),
    "digitalocean-refresh": ("refresh_token", _plain("do" + "r_v1_", HEX, 64)),
    "heroku": ("heroku_api_key", _word("HR" + "KU-AA", 58)),
    "fly": ("fly_api_token", lambda c: "fm" + f"2_{c.base64(180)}"),
    "vercel": ("vercel_token", _plain("vc" + "p_", ALNUM, 56)),
    "supabase": ("supabase_access_token", _plain("sb" + "p_", HEX, 40)),
    "supabase-secret": ("supabase_key", _word("sb" + "_secret_", 31)),
    "planetscale": ("db_password", _word("psc" + "ale_pw_", 43)),
    "planetscale-token": ("pscale_token", _word("psc" + "ale_tkn_", 43)),
    "neon": ("neon_api_key", _plain("na" + "pi_", "abcdefghijklmnopqrstuvwxyz0123456789", 64)),
    "atlas": ("client_secret", _word("mdb" + "_sa_sk_", 40)),
    "atlassian": ("jira_token", lambda c: "AT" + f"ATT3xFfGF0{c.word(174)}={c.hex(8).upper()}"),
    "grafana": ("grafana_token", lambda c: "gl" + f"sa_{c.alnum(32)}_{c.hex(8)}"),
    "grafana-cloud": (
        "grafana_token",
        lambda c: "gl" + f"c_{b64(json.dumps({'o': c.digits(6), 'n': c.alnum(9), 'k': c.alnum(24)}))}",
    ),
    "sendgrid": ("sendgrid_api_key", lambda c: "S" + f"G.{c.word(22)}.{c.word(43)}"),
    "mailgun": ("mailgun_api_key", _plain("ke" + "y-", HEX, 32)),
    "mailchimp": ("mailchimp_api_key", lambda c: f"{c.hex(32)}-us{c.randrange(1, 22)}"),
    "twilio-key": ("twilio_api_key", _plain("S" + "K", HEX, 32)),
    "newrelic-user": ("new_relic_api_key", _plain("NR" + "AK-", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 27)),
    "newrelic-license": ("new_relic_license_key", lambda c: f"{c.hex(32)}FFFF" + "NRAL"),
    "sentry-org": (
        "sentry_auth_token",
        lambda c: "sn" + f"trys_{b64(json.dumps({'iat': 1.7e9, 'url': c.hex(20)}))}_{c.base64(43)}",
    ),
    "sentry-user": ("sentry_auth_token", _plain("sn" + "tryu_", HEX, 64)),
    "logfire": ("logfire_token", _plain("pyl" + "f_v1_us_", ALNUM, 43)),
    "posthog": ("posthog_api_key", _plain("ph" + "x_", ALNUM, 47)),
    "linear": ("linear_api_key", _plain("lin" + "_api_", ALNUM, 40)),
    "notion": ("notion_token", lambda c: "nt" + f"n_{c.digits(11)}{c.alnum(35)}"),
    "figma": ("figma_token", _word("fi" + "gd_", 40)),
    "airtable": ("airtable_token", lambda c: "pa" + f"t{c.alnum(14)}.{c.hex(64)}"),
    "shopify": ("shopify_token", _plain("sh" + "pat_", HEX, 32)),
    "shopify-secret": ("shared_secret", _plain("sh" + "pss_", HEX, 32)),
    "square": ("square_token", _word("EA" + "AA", 60)),
    "square-oauth": ("square_secret", _word("sq" + "0csp-", 43)),
    "doppler": ("doppler_token", _plain("dp" + ".pt.", ALNUM, 43)),
    "doppler-service": ("doppler_token", _plain("dp" + ".st.prod.", ALNUM, 43)),
    "postman": ("postman_api_key", lambda c: "PM" + f"AK-{c.hex(24)}-{c.hex(34)}"),
    "pulumi": ("pulumi_access_token", _plain("pu" + "l-", HEX, 40)),
    "circleci": ("circle_token", lambda c: "CCI" + f"PAT_{c.alnum(22)}_{c.hex(40)}"),
    "buildkite": ("buildkite_token", _plain("bk" + "ua_", HEX, 40)),
    "tailscale": ("ts_authkey", lambda c: "ts" + f"key-auth-k{c.alnum(11)}CNTRL-{c.alnum(32)}"),
    "onepassword": ("op_service_account_token", lambda c: "op" + f"s_eyJ{c.alnum(250)}"),
    "age": ("age_key", lambda c: "AGE-SECRET" + f"-KEY-1{c.chars(BECH32, 58)}"),
    "discord-bot": ("bot_token", _discord),
    "telegram": ("telegram_token", lambda c: f"{c.digits(10)}:A" + f"A{c.word(33)}"),
    "jwt": ("id_token", _jwt),
    "jwt-long": ("access_token", lambda c: _jwt(c, algorithm="RS256", signature=342, claims=8)),
    "jwt-unsigned": ("id_token", lambda c: _jwt(c, algorithm="none", signature=0)),
    "jwe": ("session", _jwe),
    "jwt-in-base64": ("state", lambda c: b64(_jwt(c))),
    "card-visa": ("card_number", _card("4", 16)),
    "card-visa-grouped": ("card_number", _grouped(_card("4", 16), " ")),
    "card-mastercard": ("card_number", _card("53", 16)),
    "card-mastercard-dashed": ("card_number", _grouped(_card("2401", 16), "-")),
    "card-amex": ("card_number", _card("37", 15)),
    "card-discover": ("card_number", _card("6011", 16)),
    "card-jcb": ("card_number", _card("3530", 16)),
    "card-diners": ("card_number", _card("36", 14)),
    "iban-de": ("iban", lambda c: iban("DE", c.digits(18))),
    "iban-gb": ("iban", lambda c: iban("GB", f"WEST{c.digits(14)}")),
    "iban-fr-grouped": ("iban", _grouped(lambda c: iban("FR", c.digits(23)), " ")),
    "iban-nl": ("account", lambda c: iban("NL", f"ABNA{c.digits(10)}")),
    "ssn": ("ssn", _ssn),
}

NUMBERS = frozenset(kind for kind in TOKENS if kind.startswith(("card", "iban", "ssn")))

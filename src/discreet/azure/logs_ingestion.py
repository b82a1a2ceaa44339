"""The Logs Ingestion API: rows for a table of a Log Analytics workspace, through a data collection rule.

https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview: at most 1 MiB of JSON per call, and
64 KiB per value, past which the service cuts silently. Columns of such tables have plain names, so that what discreet
owns is a column each, and a record's own fields share one, `fields`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from discreet._base.levels import severity_name, severity_number
from discreet._delivery.export.exporter import Result
from discreet._encoding.json import quote, seal, timestamp, value
from discreet._redaction.secrets import registry
from discreet.azure.connection import RETRYABLE, AzureSink, Token, check_credential, clean_endpoint, host_of
from discreet.azure.dimensions import cut, cut_middle
from discreet.errors import ConfigurationError
from discreet.otel.resource import Resource
from discreet.otel.settings import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from discreet._record import Encoder, Identity, Plain, Redacted
    from discreet._redaction.redactor import Redactor

ENDPOINT, RULE, STREAM = "DATA_COLLECTION_ENDPOINT", "LOGS_DCR_RULE_ID", "LOGS_DCR_STREAM_NAME"
"""The variables that Azure's own examples use."""

MOST_BYTES = 1_000_000
"""Of one call, a little less than what the service takes, for the commas."""

_LONGEST = 16_384  # characters of one text: in UTF-8 never more than the 64 KiB of one value
_MOST_BYTES = 1 << 16
_API = "2023-01-01"
_RULE = re.compile(r"dcr-[0-9a-f]{32}", re.IGNORECASE)


class LogsIngestion(AzureSink):
    """Records to a table, through a data collection rule.

    `endpoint` is that of the data collection endpoint or of the rule itself, `rule` the rule's immutable id ("dcr-"
    and 32 digits), `stream` a stream that it declares ("Custom-..."); they come from `DATA_COLLECTION_ENDPOINT`,
    `LOGS_DCR_RULE_ID` and `LOGS_DCR_STREAM_NAME` where they are not given. `credential` is a credential of
    azure-identity whose identity has the role Monitoring Metrics Publisher on the rule; `audience` is for clouds
    other than the public one. Further keywords are those of every sink that exports.

    docs/azure.md has the rule and the table. Raises `ConfigurationError`.
    """

    batch_bytes = MOST_BYTES

    def __init__(
        self,
        endpoint: str | None = None,
        rule: str | None = None,
        stream: str | None = None,
        *,
        credential: Any,
        audience: str = "",
        resource: Mapping[str, object] | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        if "batch_bytes" in options:
            options["batch_bytes"] = min(options["batch_bytes"], MOST_BYTES)
        super().__init__(environ, resource, **options)
        endpoint = self._setting("endpoint", endpoint, ENDPOINT)
        self._rule = self._setting("rule", rule, RULE)
        self._stream = self._setting("stream", stream, STREAM)
        try:
            self._endpoint = clean_endpoint(endpoint)
        except ValueError as error:
            remedy = "Copy the logs ingestion URL of the data collection endpoint"
            raise ConfigurationError("endpoint", shown(endpoint), str(error), remedy) from None
        if not _RULE.fullmatch(self._rule):
            remedy = "Copy the rule's immutable id, dcr- and 32 digits"
            raise ConfigurationError("rule", self._rule, "is no immutable id", remedy)
        if not re.fullmatch(r"(?:Custom|Microsoft)-[\w-]+", self._stream):
            remedy = "Name a stream of the rule, such as Custom-Discreet"
            raise ConfigurationError("stream", self._stream, "is no stream", remedy)
        check_credential(credential, self._endpoint)
        self._token = Token(credential, audience)
        self._url = f"{self._endpoint}/dataCollectionRules/{self._rule}/streams/{self._stream}?api-version={_API}"

    def _setting(self, name: str, given: str | None, variable: str) -> str:
        text = (self._environ.get(variable, "") if given is None else given).strip()
        if not text:
            raise ConfigurationError(name, "", "is missing", f"Give {name}=... or set {variable}")
        return text

    @property
    def name(self) -> str:
        """Logs Ingestion, and its host."""
        return f"Logs Ingestion {host_of(self._endpoint)}"

    @property
    def destination(self) -> str:
        """Host, rule and stream."""
        return f"logs-ingestion {host_of(self._endpoint)} {self._rule} {self._stream}"

    def encoder(self, redactor: Redactor) -> Encoder:
        """One redacted record to one row."""
        return Rows(Resource(self._environ, redactor, self._resource))

    def send(self, batch: Sequence[bytes], timeout: float) -> Result:
        """One attempt. Raises `OSError` where there was no answer."""
        answer = self._post(self._url, b"[" + b",".join(batch) + b"]", "application/json", timeout)
        if not 200 <= answer.status < 300:
            return answer.refusal(batch, RETRYABLE)
        # This API stores all records of a batch or none, and then has nothing to say: any text is somebody else's.
        return answer.unreadable(batch) if answer.body is None or answer.body.strip() else Result(len(batch))


class Rows:
    """The encoder: columns of discreet's own, `fields` and `resource`."""

    def __init__(self, resource_of: Callable[[Identity], Mapping[str, Plain]]) -> None:
        self._resource_of = resource_of
        self._prepared: tuple[object, object, str] = (None, None, "")

    def __call__(self, record: Redacted) -> bytes:
        """One row as one line of JSON. A bad value costs at most itself."""
        prepared = self._prepared
        if prepared[0] is not record.identity or prepared[1] is not registry.epoch:
            # Another process after a fork, or a secret was registered that the resource may hold.
            prepared = self._prepared = (record.identity, registry.epoch, self._process_columns(record.identity))
        columns: dict[str, object] = {
            "TimeGenerated": timestamp(record.time_ns),
            "severity": severity_name(record.level),
            "severity_number": severity_number(record.level),
        }
        for name in ("message", "logger", "template", "trace_id", "span_id", "request_id", "thread", "task"):
            columns[name] = getattr(record, name)
        source = record.source
        if source is not None:
            columns["source"] = {"file": source.file, "line": source.line, "function": source.function}
        columns["exception"] = record.exception
        if record.ambient or record.fields:
            columns["fields"] = {**record.ambient, **record.fields}
        stack = record.stacktrace
        if stack is not None:
            columns["stacktrace"] = cut_middle(stack, _LONGEST)
        written = ",".join([f'"{name}":{_column(item)}' for name, item in columns.items() if item is not None])
        return seal(f"{{{written}{prepared[2]}}}\n")

    def _process_columns(self, identity: Identity) -> str:
        columns = {name: getattr(identity, name) for name in ("service", "version", "environment", "host", "process")}
        parts = "".join([f',"{name}":{value(item)}' for name, item in columns.items() if item is not None])
        return f'{parts},"resource":{_column(dict(self._resource_of(identity)))}'


def _column(item: object) -> str:
    """A value as a column. A structure that is too large becomes text, which is cut, with a mark at its end."""
    if isinstance(item, str):
        return quote(cut(item, _LONGEST))
    if isinstance(item, dict):
        members = [f"{quote(key)}:{_inner(inner)}" for key, inner in cast("dict[str, object]", item).items()]
        text = f"{{{','.join(members)}}}"
        if len(text) <= _LONGEST or len(text.encode("utf-8", "replace")) <= _MOST_BYTES:
            return text
        return quote(cut(text, _LONGEST))
    return _inner(item)


def _inner(item: object) -> str:
    try:
        return value(item)
    except Exception as error:  # one value costs at most itself
        return quote(f"<{type(item).__name__} could not be written: {type(error).__name__}>")

"""logfire, sending nothing: each log is a span, written to a file as the OpenTelemetry SDK's JSON, one at a time."""

from __future__ import annotations

import logfire
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

import events
from events import FAILURE, MESSAGE

NAME = "logfire (to a file)"
IMPORT = "import logfire"


def setup(path: str) -> None:
    exporter = ConsoleSpanExporter(
        out=open(path, "a", encoding="utf-8"),  # noqa: SIM115 - open as long as the process
        formatter=lambda span: span.to_json(indent=None) + "\n",
    )
    logfire.configure(
        send_to_logfire=False,
        console=False,
        metrics=False,
        inspect_arguments=False,
        min_level="info",
        service_name="bench",
        additional_span_processors=[SimpleSpanProcessor(exporter)],
    )


def enabled(requests: list[events.Request]) -> None:
    for request in requests:
        with logfire.set_baggage(**{name: str(value) for name, value in request.context.items()}):
            for order_id, amount, customer, carrier in request.orders:
                logfire.info(
                    MESSAGE,
                    order_id=order_id,
                    amount=amount,
                    customer=customer,
                    carrier=carrier,
                )


def disabled(orders: list[events.Order]) -> None:
    for order_id, amount, customer, carrier in orders:
        logfire.debug(
            MESSAGE,
            order_id=order_id,
            amount=amount,
            customer=customer,
            carrier=carrier,
        )


def failing(orders: list[events.Order]) -> None:
    for order in orders:
        try:
            events.charge(order)
        except events.PaymentError:
            logfire.exception(FAILURE, order_id=order.order_id)

"""The route template that a request matched, as far as the framework makes it known: FastAPI, Starlette, Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def route_of(scope: Mapping[str, Any], root: str) -> str | None:
    """`/orders/{id}` for FastAPI and Starlette, with the prefixes of mounts and included routers; else None.

    `root` is the root path that the server gave; it is not a part of the template. Never raises.
    """
    try:
        template = _template(scope)
        if template is None:
            return None
        mounted = str(scope.get("root_path") or "").removeprefix(root)
        return _with_names(mounted, scope.get("path_params") or {}, template) + template
    except Exception:  # a framework that keeps something else under these names
        return None


def flask_route(environ: Mapping[str, Any]) -> str | None:
    """The rule that Flask matched, such as `/orders/<int:id>`. It can be read while Flask answers. Never raises."""
    try:
        rule: object = environ["werkzeug.request"].url_rule.rule
    except Exception:  # not Flask, or no rule matched
        return None
    return rule if isinstance(rule, str) else None


def _template(scope: Mapping[str, Any]) -> str | None:
    route: Any = scope.get("route")
    if route is None:
        return _by_endpoint(scope)
    own = _path(route)
    # FastAPI's included routers: the route itself does not know the prefix that its router was included with.
    fastapi: Any = scope.get("fastapi") or {}
    included: Any = fastapi.get("effective_route_context")
    if included is not None and (own is None or included.original_route is route):
        return _path(included) or _path(included.starlette_route)
    return own


def _path(route: Any) -> str | None:
    found: object = getattr(route, "path_format", None) or getattr(route, "path", None)
    return found if isinstance(found, str) and found else None


def _by_endpoint(scope: Mapping[str, Any]) -> str | None:
    """Starlette before 1.0 keeps only the endpoint: the route is known if exactly one has it."""
    endpoint: object = scope.get("endpoint")
    if endpoint is None or "router" not in scope:
        return None
    found = set(_with_endpoint(scope["router"].routes, endpoint))
    return found.pop() if len(found) == 1 else None


def _with_endpoint(routes: Iterable[Any], endpoint: object) -> Iterable[str]:
    for route in routes:
        if getattr(route, "endpoint", None) is endpoint:
            path = _path(route)
            if path is not None:
                yield path
        else:
            yield from _with_endpoint(getattr(route, "routes", None) or (), endpoint)


def _with_names(mounted: str, parameters: Mapping[str, object], template: str) -> str:
    """The path of a mount, with the names of its parameters in place of their values."""
    names = {str(value): name for name, value in parameters.items() if f"{{{name}" not in template}
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in mounted.split("/"))

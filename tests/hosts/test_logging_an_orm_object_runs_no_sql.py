"""Whatever of an ORM is logged, in whatever way: no statement is sent, and what is loaded is shown."""

from __future__ import annotations

import logging

import django
import pytest
import sqlalchemy as sa
from django.conf import settings
from sqlalchemy import orm

import discreet

if not settings.configured:
    settings.configure(USE_I18N=False)

log = discreet.get_logger("shop")


class Base(orm.MappedAsDataclass, orm.DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"
    name: orm.Mapped[str]
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True, init=False)


class User(Base):
    __tablename__ = "user"
    name: orm.Mapped[str]
    password: orm.Mapped[str] = orm.mapped_column(default="hunter" + "2secret", repr=False)
    team_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("team.id"), default=None)
    team: orm.Mapped[Team | None] = orm.relationship(default=None)
    orders: orm.Mapped[list[Order]] = orm.relationship(default_factory=list)
    late: orm.DynamicMapped[Order] = orm.relationship(viewonly=True, init=False, repr=False)
    written: orm.WriteOnlyMapped[Order] = orm.relationship(viewonly=True, init=False, repr=False)
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True, init=False)

    def __repr__(self) -> str:
        return f"User({self.name}, {self.team}, {self.orders})"


class Order(Base):
    __tablename__ = "order"
    user_id: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("user.id"), default=None)
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True, init=False)


@pytest.fixture
def session():
    engine = sa.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add(User("ann", team=Team("red"), orders=[Order(), Order()]))
        session.commit()
        yield session
    engine.dispose()


@pytest.fixture
def statements(session):
    sent = []
    sa.event.listen(session.get_bind(), "before_cursor_execute", lambda *given: sent.append(given[2]))
    return sent


def everywhere(value):
    """Log a value in each way that there is.

    Without pytest's own handlers: these format what they get by the objects' own text, which is not our doing.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", [])
        log_each(value)


def log_each(value):
    logging.getLogger("shop").warning("is %s and %r", value, value, extra={"extra": [value]})
    logging.getLogger("shop").warning("has %(it)s", {"it": value})
    log.info("is {value}", value=value, nested={"a": [value, (value,)]})
    log.info(value)
    with discreet.context(bound=value), discreet.span("work", held=value):
        log.info("x")
    for error in (ValueError(value), KeyError(value), RuntimeError("a", [value])):
        error.held = value
        try:
            local = value  # noqa: F841 - shown among the variables
            raise error
        except Exception as raised:
            if hasattr(raised, "add_note"):  # since Python 3.11
                raised.add_note("note")
            log.exception("failed")
            logging.getLogger("shop").exception("failed", exc_info=raised)


STATES = {
    "expired": lambda session, user: session.expire_all(),
    "dirty": lambda session, user: (setattr(user, "name", "eve"), session.expire(user, ["team"])),
    "loaded": lambda session, user: (user.team.name, len(user.orders)),
    "deleted": lambda session, user: (user.name, session.delete(user)),
    "detached": lambda session, user: session.expunge_all(),
    "rolled back": lambda session, user: session.rollback(),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_an_instance_of_sqlalchemy_is_read_and_not_asked(state, session, statements, memory_sink):
    sink = memory_sink(format="json")
    discreet.configure(sinks=[sink], environment="dev", with_locals=True)
    user = session.get(User, 1)
    state(session, user)
    statements.clear()
    everywhere(user)
    assert statements == []
    shown = next(record for record in sink.records if "nested" in record)["value"]
    assert shown["type"].endswith(".User")
    assert shown["identity"] == {"id": 1}
    assert "password" not in shown["loaded"]
    assert discreet.health()["dropped"] == {}


def test_what_is_loaded_and_what_is_pending_is_shown(session, statements, taken_over):
    user = session.get(User, 1)
    assert user.team.name == "red"
    new = User("bob")
    session.add(new)
    statements.clear()
    log.info("x", user=user, new=new)
    team = {"type": f"{__name__}.Team", "identity": {"id": 1}}
    assert taken_over.last["user"]["loaded"] == {"name": "ann", "team_id": 1, "team": team, "id": 1} | {
        key: value for key, value in taken_over.last["user"]["loaded"].items() if key == "orders"
    }
    assert taken_over.last["new"]["loaded"]["name"] == "bob"
    assert statements == []


def test_queries_results_and_collections_of_sqlalchemy_are_named(session, statements, taken_over):
    user = session.get(User, 1)
    assert len(user.orders) == 2
    rows = session.execute(sa.select(User.name, User.id))
    row = session.execute(sa.select(User.name, User.id)).one()
    query, late, written = session.query(User), user.late, user.written
    statements.clear()
    for value in (rows, query, late, written, sa.select(User), session):
        everywhere(value)
    log.info("x", orders=user.orders, row=row, query=query)
    assert statements == []
    assert taken_over.last["orders"] == "<sqlalchemy.orm.collections.InstrumentedList of 2>"
    assert taken_over.last["row"] == {"name": "ann", "id": 1}
    assert taken_over.last["query"] == "<sqlalchemy.orm.query.Query>"


@pytest.fixture(scope="module")
def django_models():
    from django.db import connections, models

    connections.settings = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    connections._settings = connections.settings = connections.configure_settings(connections.settings)
    if not django.apps.apps.ready:
        django.setup()

    class Author(models.Model):  # noqa: DJ008 - its text is not what this is about
        name = models.TextField()

        class Meta:
            app_label = "shop"

    class Book(models.Model):
        title = models.TextField()
        author = models.ForeignKey(Author, models.CASCADE)

        class Meta:
            app_label = "shop"

        def __str__(self):
            return f"{self.title} of {self.author.name}"

    with connections["default"].schema_editor() as editor:
        editor.create_model(Author)
        editor.create_model(Book)
    Book.objects.create(title="Logs", author=Author.objects.create(name="ann"))
    return Author, Book


def test_whatever_django_has_is_read_and_not_asked(django_models, taken_over):
    from django.core.paginator import Paginator
    from django.db import connection

    author, book = django_models
    sent = []

    def refuse(execute, sql, *rest):
        sent.append(sql)
        return execute(sql, *rest)

    found, deferred = book.objects.get(), book.objects.only("id").get()
    related = author.objects.get().book_set
    page = Paginator(book.objects.order_by("id"), 10).page(1)
    with connection.execute_wrapper(refuse):
        for value in (found, deferred, related, page, page.paginator, book.objects, book.objects.all()):
            everywhere(value)
        log.info("x", book=found, deferred=deferred, books=book.objects.all(), page=page)
    assert sent == []
    assert taken_over.last["book"]["identity"] == {"id": 1}
    assert taken_over.last["book"]["loaded"] == {"id": 1, "title": "Logs", "author_id": 1}
    assert taken_over.last["deferred"]["loaded"] == {"id": 1}
    assert taken_over.last["books"] == "<django.db.models.query.QuerySet>"
    assert taken_over.last["page"] == "<django.core.paginator.Page>"

"""``login``, ``logout``, ``whoami``, ``version``."""

from dataclasses import replace
from importlib.metadata import version as installed
from typing import Annotated

import typer

from landbridge_client import config
from landbridge_client.cli.output import examples, pairs, session_of


def add(root: typer.Typer) -> None:
    root.command(epilog=examples("login", "login --token lb_example --endpoint http://127.0.0.1:8000"))(login)
    root.command(epilog=examples("logout"))(logout)
    root.command(epilog=examples("whoami", "whoami --json"))(whoami)
    root.command(epilog=examples("version"))(version)


def login(
    context: typer.Context,
    token: Annotated[str | None, typer.Option(help="A token from your settings page; asked for if absent.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="The server.")] = None,
) -> None:
    """Keep a token in a private file, after asking the server whose it is.

    Next: landbridge whoami
    """
    session = session_of(context)
    session.endpoint = endpoint or session.endpoint
    where = session.settings.endpoint
    text = token or session.token or typer.prompt(f"Token for {where}", hide_input=True, err=True)
    session.token = text.strip()
    me = session.client().me.get()
    place = config.settings_file()
    config.write_file(replace(session.settings, endpoint=where), place)
    session.show(
        {"username": me.username, "endpoint": where, "file": str(place)},
        human=f"Signed in to {where} as {me.username}. The token is in {place}.",
        ids=[me.username],
    )


def logout(context: typer.Context) -> None:
    """Remove the stored token. It stays valid on the server until it is revoked there.

    Next: landbridge login
    """
    place = config.settings_file()
    there = place.exists()
    place.unlink(missing_ok=True)
    text = f"Removed {place}. To revoke the token itself, go to your settings page." if there else "Nothing was stored."
    session_of(context).show({"removed": there, "file": str(place)}, human=text)


def whoami(context: typer.Context) -> None:
    """Whose token this is, and what it may do.

    Next: landbridge models ls
    """
    session = session_of(context)
    me, settings = session.client().me.get(), session.settings
    names = [f"{item['organization']} ({item['role']})" for item in me.organizations]
    facts = {
        "user": me.username,
        "organizations": ", ".join(names),
        "scopes": ", ".join(me.scopes),
        "endpoint": settings.endpoint,
        "token from": settings.source,
    }
    session.show(dict(me.data), human=pairs(facts), ids=[me.username])


def version(context: typer.Context) -> None:
    """The version of this command.

    Next: landbridge doctor
    """
    found = installed("landbridge")
    session_of(context).show({"landbridge": found}, human=found, ids=[found])
